"""Which segments of an event a net is to find, and how much each counts. Labels of segments are weak: they say that some figure is strange."""

from __future__ import annotations

from typing import Callable, Collection, Optional, Tuple

import numpy as np

from .views import CameraViews, Event

#: seconds in which who falls is still moving, and after which a later segment of an event counts no more
FALLING = 2.5
LONGEST_MOVING = 12.0
LONGEST_STANDING = 40.0
#: seconds after its onset from which somebody who fell lies still
LIES = 1.5
#: who walks where nobody does stops on his way: he stands in the middle of his time, and so long before and after it, seconds
STOPS = 2.0

Targets = Callable[[CameraViews], Tuple[np.ndarray, np.ndarray]]
#: seconds since the onset of an event between which a net is to see it; None: not at all
Span = Optional[Tuple[float, float]]


def moving_targets(without: Collection[str] = ()) -> Targets:
    """Events that move; a bag stands. @param without kinds of anomaly that are left out of training"""

    def span_of(event: Event) -> Span:
        if event.kind == "left-bag":
            return None
        return 0.0, FALLING if event.kind == "fall" else LONGEST_MOVING

    return lambda camera: _targets(camera, without, span_of)


def standing_targets(without: Collection[str] = ()) -> Targets:
    """What stands or lies: bags, those who fell, and who stops where nobody is."""

    def span_of(event: Event) -> Span:
        middle = (event.end - event.start) / 2
        return {
            "left-bag": (0.0, LONGEST_STANDING),
            "fall": (LIES, LONGEST_STANDING),
            "intruder": (middle - STOPS, middle + STOPS),
        }.get(event.kind)

    return lambda camera: _targets(camera, without, span_of)


def _targets(camera: CameraViews, without: Collection[str], span_of: Callable[[Event], Span]) -> Tuple[np.ndarray, np.ndarray]:
    target = np.where(camera.label > 0, -1, camera.label).astype(np.int8)
    weight = np.ones(len(target), np.float32)
    for index, event in enumerate(camera.events):
        span = None if event.kind in without else span_of(event)
        if span is None:
            continue
        since = camera.seconds - event.start
        own = (camera.label == index + 1) & (since >= span[0]) & (since <= span[1])
        target[own] = 1
        # every event counts alike, however long it is
        weight[own] = 1 / max(1, own.sum())
    return target, weight

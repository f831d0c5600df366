"""Which segments of an event a net is to find, and how much each counts. Labels of segments are weak: they say that some figure is strange."""

from __future__ import annotations

from typing import Callable, Collection, Tuple

import numpy as np

from .views import CameraViews

#: seconds in which who falls is still moving, and after which a later segment of an event counts no more
FALLING = 2.5
LONGEST_MOVING = 12.0
LONGEST_STANDING = 40.0
#: seconds after its onset from which somebody who fell lies still
LIES = 1.5

Targets = Callable[[CameraViews], Tuple[np.ndarray, np.ndarray]]


def moving_targets(without: Collection[str] = ()) -> Targets:
    """Events that move; a bag stands. @param without kinds of anomaly that are left out of training"""

    def targets(camera: CameraViews) -> Tuple[np.ndarray, np.ndarray]:
        return _targets(camera, without, lambda kind: (0.0, FALLING if kind == "fall" else LONGEST_MOVING) if kind != "left-bag" else None)

    return targets


def standing_targets(without: Collection[str] = ()) -> Targets:
    """What stands or lies: bags, and those who fell."""

    def targets(camera: CameraViews) -> Tuple[np.ndarray, np.ndarray]:
        spans = {"left-bag": (0.0, LONGEST_STANDING), "fall": (LIES, LONGEST_STANDING)}
        return _targets(camera, without, spans.get)

    return targets


def _targets(camera: CameraViews, without: Collection[str], span_of) -> Tuple[np.ndarray, np.ndarray]:
    target = np.where(camera.label > 0, -1, camera.label).astype(np.int8)
    weight = np.ones(len(target), np.float32)
    for index, event in enumerate(camera.events):
        span = None if event.kind in without else span_of(event.kind)
        if span is None:
            continue
        since = camera.seconds - event.start
        own = (camera.label == index + 1) & (since >= span[0]) & (since <= span[1])
        target[own] = 1
        # every event counts alike, however long it is
        weight[own] = 1 / max(1, own.sum())
    return target, weight

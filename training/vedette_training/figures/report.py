"""How well nets find the events of other cameras, at a number of false alarms: the service's calibration and alarm rule in short."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Sequence, Tuple

import numpy as np

from .views import CameraViews

TAIL_SHARE = 0.1
#: false alarms nearer to each other than this are one, seconds
APART_SECONDS = 30.0
LATE_SECONDS = 8.0


def calibrate(history: np.ndarray, live: np.ndarray) -> np.ndarray:
    """-ln p on the history (src/score/tail.ts): ranks below its 90 % quantile, an exponential tail beyond it."""
    ordered = np.sort(history)
    count = len(ordered)
    threshold = ordered[count - max(8, int(count * TAIL_SHARE))]
    beyond = ordered[ordered >= threshold] - threshold
    ranks = np.searchsorted(ordered, live)
    below = -np.log((1 + count - ranks) / (1 + count))
    return np.where(live >= threshold, -np.log(TAIL_SHARE) + (live - threshold) / max(0.5, beyond.mean()), below)


def alarm_statistic(surprise: np.ndarray) -> np.ndarray:
    """Rises as the mean of two segments, falls at once; then the third highest of the last four."""
    before = np.concatenate([surprise[:1], surprise[:-1]])
    smooth = np.where(surprise < before, surprise, (surprise + before) / 2)
    padded = np.concatenate([np.full(3, -np.inf), smooth])
    windows = np.sort(np.stack([padded[k : k + len(smooth)] for k in range(4)]), axis=0)
    return windows[1]


@dataclass(frozen=True)
class Found:
    kind: str
    #: seconds from the onset to the alarm, infinite for a miss
    delay: float


def find_events(cameras: Sequence[CameraViews], logits: Sequence[np.ndarray], false_alarms: int) -> Tuple[float, List[Found]]:
    """@returns (threshold in nats that leaves so many false alarms in all, the events)"""
    statistics = []
    false: List[float] = []
    for camera, own in zip(cameras, logits):
        live = ~camera.learning
        statistic = alarm_statistic(calibrate(own[camera.learning], own[live]))
        seconds, label = camera.seconds[live], camera.label[live]
        statistics.append((seconds, statistic))
        taken: List[float] = []
        for place in np.argsort(-np.where(label == 0, statistic, -np.inf))[:600]:
            if label[place] == 0 and all(abs(seconds[place] - other) > APART_SECONDS for other in taken):
                taken.append(seconds[place])
                false.append(float(statistic[place]))
    threshold = sorted(false, reverse=True)[false_alarms]
    found = []
    for camera, (seconds, statistic) in zip(cameras, statistics):
        for event in camera.events:
            during = (seconds >= event.start) & (seconds <= event.end + LATE_SECONDS)
            hit = np.flatnonzero(during & (statistic > threshold))
            found.append(Found(event.kind, float(seconds[hit[0]] - event.start) if len(hit) else np.inf))
    return threshold, found


def recall_by_kind(found: Sequence[Found]) -> Dict[str, Tuple[int, int]]:
    """kind -> (found, all)"""
    kinds = sorted({one.kind for one in found})
    return {kind: (sum(np.isfinite(f.delay) for f in found if f.kind == kind), sum(f.kind == kind for f in found)) for kind in kinds}


def in_words(found: Sequence[Found]) -> str:
    parts = [f"{kind} {hit}/{total}" for kind, (hit, total) in recall_by_kind(found).items()]
    return f"{', '.join(parts)}; median delay {np.median([one.delay for one in found]):.1f} s"

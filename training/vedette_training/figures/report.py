"""How well nets find the events of other cameras, at a number of false alarms: the service's calibration, fusion and alarm rule in short."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np

from .views import CameraViews

TAIL_SHARE = 0.1
#: logits are logarithms of ratios: differences below are rounding, however constant the history
LEAST_EXCESS = 0.02
#: neighbouring segments that count as one observation, at least
DEPENDENCE = 3.0
#: least mean excess of the tails (src/score/figures/figure-head.ts, src/score/fuse.ts), and the cues' shares of the fusion
MOVING_EXCESS = 0.6
STANDING_EXCESS = 0.7
FUSED_EXCESS = 0.9
STANDING_SHARE = 0.07
#: of what stands the mean of the last seconds counts, logits below the floor as much as it
NEWEST_SHARE = 0.15
ALL_IS_WELL = -3.0
#: ages at which a camera learns anew, hours, and then every three; what it remembers by then
RELEARNS = (0, 1, 2, 4)
MEMORY_BLOCKS = 200
BLOCK_SEGMENTS = 12
SEGMENTS_PER_HOUR = 7200
STRIDE_SEGMENTS = 360
#: false alarms nearer to each other than this are one, seconds
APART_SECONDS = 60.0
LATE_SECONDS = 15.0


def calibrate(history: np.ndarray, live: np.ndarray, least_excess: float = LEAST_EXCESS, tail_excess: float = 0.0) -> np.ndarray:
    """-ln p on the history (src/score/tail.ts): ranks below its 90 % quantile, an exponential tail beyond it."""
    ordered = np.sort(history)
    count = len(ordered)
    first = count - min(max(round(count * TAIL_SHARE), 8), max(1, count // 2))
    if ordered[first] <= ordered[0] < ordered[-1]:
        first = max(first, int(np.argmax(ordered > ordered[0])) - 1)
    beyond = ordered[first:] - ordered[first]
    spread = max(ordered[first] - ordered[count // 2], 1e-6)
    excess = max(beyond.mean(), spread / 8, least_excess) * (1 + 1 / np.sqrt(max(1.0, len(beyond) / DEPENDENCE)))
    ranks = np.minimum(np.searchsorted(ordered, live), first)
    below = -np.log((1 + count - ranks) / (1 + count))
    return np.where(live >= ordered[first], below + (live - ordered[first]) / max(excess, tail_excess), below)


def surprise_of(raw: np.ndarray, camera: CameraViews, least_excess: float = LEAST_EXCESS, tail_excess: float = 0.0) -> np.ndarray:
    """A cue's surprise, nats, calibrated anew from what the camera remembers as it grows older; nothing of events is remembered."""
    random = np.random.default_rng(1)
    learned = np.flatnonzero(camera.learning)
    born = len(learned)
    ordinary = camera.label == 0
    ordinary[:born] = False
    hours = [*RELEARNS, *range(7, 1 + (len(raw) - born) // SEGMENTS_PER_HOUR, 3)]
    edges = [born + hour * SEGMENTS_PER_HOUR for hour in hours if born + hour * SEGMENTS_PER_HOUR < len(raw)]
    surprise = np.zeros(len(raw))
    for edge, following in zip(edges, [*edges[1:], len(raw)]):
        seen = min(MEMORY_BLOCKS, (edge - born) // STRIDE_SEGMENTS)
        early = max(MEMORY_BLOCKS - seen, MEMORY_BLOCKS // 2)
        starts = [random.permutation(born // BLOCK_SEGMENTS)[:early] * BLOCK_SEGMENTS]
        past = np.flatnonzero(ordinary[:edge])
        if seen > 0 and len(past) > 0:
            starts.append(past[random.integers(0, len(past), seen)])
        remembered = (np.concatenate(starts)[:, None] + np.arange(BLOCK_SEGMENTS)).ravel()
        begin = 0 if edge == edges[0] else edge
        surprise[begin:following] = calibrate(raw[np.minimum(remembered, edge - 1)], raw[begin:following], least_excess, tail_excess)
    return surprise


def lasting(logits: np.ndarray) -> np.ndarray:
    """Running mean of the last seconds (src/score/figures/figure-head.ts)."""
    mean, weight = 0.0, 0.0
    means = np.empty(len(logits))
    for index, logit in enumerate(np.maximum(ALL_IS_WELL, logits)):
        weight += NEWEST_SHARE * (1 - weight)
        mean += NEWEST_SHARE / weight * (logit - mean)
        means[index] = mean
    return means


def statistic_of(camera: CameraViews, moving: np.ndarray, standing: Optional[np.ndarray] = None) -> np.ndarray:
    """What the alarm threshold is compared with, of each segment.

    @param moving, standing logits of its segments"""
    surprise = surprise_of(moving, camera, MOVING_EXCESS)
    if standing is not None:
        other = surprise_of(lasting(standing), camera, STANDING_EXCESS)
        surprise = np.logaddexp(surprise + np.log(1 - STANDING_SHARE), other + np.log(STANDING_SHARE))
    return alarm_statistic(surprise_of(smooth(surprise), camera, tail_excess=FUSED_EXCESS))


def smooth(surprise: np.ndarray) -> np.ndarray:
    """Rises as the mean of two segments, falls at once."""
    before = np.concatenate([surprise[:1], surprise[:-1]])
    return np.where(surprise < before, surprise, (surprise + before) / 2)


def alarm_statistic(surprise: np.ndarray) -> np.ndarray:
    """The third highest of the last four."""
    padded = np.concatenate([np.full(3, -np.inf), surprise])
    windows = np.sort(np.stack([padded[k : k + len(surprise)] for k in range(4)]), axis=0)
    return windows[1]


@dataclass(frozen=True)
class Found:
    kind: str
    #: seconds from the onset to the alarm, infinite for a miss
    delay: float


def find_events(cameras: Sequence[CameraViews], statistics: Sequence[np.ndarray], false_alarms: int) -> Tuple[float, List[Found]]:
    """@returns (threshold in nats that leaves so many false alarms in all, the events)"""
    false: List[float] = []
    for camera, statistic in zip(cameras, statistics):
        ordinary = (camera.label == 0) & ~camera.learning
        for event in camera.events:
            ordinary &= (camera.seconds < event.start - 2) | (camera.seconds > event.end + LATE_SECONDS)
        own = np.where(ordinary, statistic, -np.inf)
        taken: List[float] = []
        for place in np.argsort(-own)[:3000]:
            if np.isfinite(own[place]) and all(abs(camera.seconds[place] - other) > APART_SECONDS for other in taken):
                taken.append(camera.seconds[place])
                false.append(float(own[place]))
    threshold = sorted(false, reverse=True)[false_alarms]
    found = []
    for camera, statistic in zip(cameras, statistics):
        for event in camera.events:
            during = (camera.seconds >= event.start) & (camera.seconds <= event.end + LATE_SECONDS)
            hit = np.flatnonzero(during & (statistic > threshold))
            found.append(Found(event.kind, float(camera.seconds[hit[0]] - event.start) if len(hit) else np.inf))
    return threshold, found


def recall_by_kind(found: Sequence[Found]) -> Dict[str, Tuple[int, int]]:
    """kind -> (found, all)"""
    kinds = sorted({one.kind for one in found})
    return {kind: (sum(np.isfinite(f.delay) for f in found if f.kind == kind), sum(f.kind == kind for f in found)) for kind in kinds}


def in_words(found: Sequence[Found]) -> str:
    parts = [f"{kind} {hit}/{total}" for kind, (hit, total) in recall_by_kind(found).items()]
    hits = sum(np.isfinite(one.delay) for one in found)
    return f"{hits}/{len(found)} ({', '.join(parts)}); median delay {np.median([one.delay for one in found]):.1f} s"

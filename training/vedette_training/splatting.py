"""Temporal Gaussian splatting: peaks of a head's own curve become soft targets for its snippets.

After GS-MoE (ICCV 2025, equations 3 to 6): peaks P_i of the curve s; width W_i; sigma_i; mask
m_i(t) = [t inside the width and s_t >= s_Pi - deviation_i]; splat g_i(t) = m_i(t) exp(-(t - P_i)^2 / (2 sigma_i^2));
rendered y(t) = sum_i g_i(t), rescaled to [0, 1].

The paper leaves things open, and there is no public code. What is taken here, and why:

* **Unit of sigma.** Taken literally, sigma_i is a deviation of *scores* (0.05 to 0.3) set against t - P_i in
  *snippets*: the neighbour's weight would be exp(-1 / 0.045), 2e-10, one spike. The deviation of the scores is used
  where it is compared with scores (the mask), and sigma_i is in snippets: half the run that the mask leaves, at least 1.
* **Peak.** A run of snippets within `PLATEAU` of a local maximum, since an event that lasts saturates the curve and a
  maximum of one snippet would have no prominence against neighbours at two snippets. Its prominence is what
  it falls within two snippets beyond either end of the run, on the side where it falls less, at least 0.2; an end of
  the bag counts as no flank, and a run with no flank at all (a flat curve) is no peak.
* **Width.** From the run outwards while the curve keeps falling, on each side by itself. (A reader's re-implementation
  takes the shorter of both sides; events begin faster than they end, so that would cut the tail.)
* **Centre.** The middle of the run.
* **Rendering.** Sum, divided by its maximum where that exceeds 1; lone peaks keep height 1.

Targets are constants for the gradient. They serve training only: a causal head can be taught with them.
"""

from __future__ import annotations

import numpy as np

PROMINENCE = 0.2
FLANK = 2
PLATEAU = 0.1


def find_peaks(curve: np.ndarray, prominence: float = PROMINENCE) -> list[tuple[int, int]]:
    """Runs (first, last snippet, both inside) of the peaks of `curve` [T] in 0..1, left to right, disjoint."""
    peaks: list[tuple[int, int]] = []
    taken = np.zeros(len(curve), dtype=bool)
    for top in np.argsort(-curve, kind="stable"):
        if curve[top] < prominence:
            break
        if taken[top]:
            continue
        floor = curve[top] - PLATEAU
        first = last = int(top)
        while first > 0 and curve[first - 1] >= floor:
            first -= 1
        while last < len(curve) - 1 and curve[last + 1] >= floor:
            last += 1
        overlaps = taken[first : last + 1].any()
        taken[first : last + 1] = True
        sides = (curve[max(0, first - FLANK) : first], curve[last + 1 : last + 1 + FLANK])
        flanks = [side.min() for side in sides if len(side)]
        if not overlaps and flanks and curve[top] - max(flanks) >= prominence:
            peaks.append((first, last))
    return sorted(peaks)


def render_targets(curve: np.ndarray, prominence: float = PROMINENCE) -> np.ndarray:
    """Soft targets [T] in 0..1 for `curve` [T] in 0..1; all zeros where it has no peak."""
    rendered = np.zeros(len(curve), dtype=np.float32)
    time = np.arange(len(curve))
    for first, last in find_peaks(curve, prominence):
        left, right = first, last
        while left > 0 and curve[left - 1] < curve[left]:
            left -= 1
        while right < len(curve) - 1 and curve[right + 1] < curve[right]:
            right += 1
        top = curve[first : last + 1].max()
        floor = min(top - curve[left : right + 1].std(), top - PLATEAU)
        mask = (time >= left) & (time <= right) & (curve >= floor)
        sigma = max(1.0, mask.sum() / 2)
        rendered += np.where(mask, np.exp(-((time - (first + last) / 2) ** 2) / (2 * sigma**2)), 0).astype(np.float32)
    highest = rendered.max(initial=0)
    return rendered / highest if highest > 1 else rendered


def render_batch(curves: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Targets [N, T] of curves [N, T] where `counted` [N, T] is 1, zeros elsewhere. Counted snippets are taken as one run."""
    targets = np.zeros(curves.shape, dtype=np.float32)
    for row, (curve, mask) in enumerate(zip(curves, counted > 0)):
        if mask.any():
            targets[row, mask] = render_targets(curve[mask])
    return targets

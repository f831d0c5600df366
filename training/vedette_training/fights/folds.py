"""Folds by source: clips of one source never stand on both sides."""

from __future__ import annotations

from typing import Sequence

import numpy as np

from .corpus import Clip


def fold_of_clips(clips: Sequence[Clip], count: int, seed: int) -> np.ndarray:
    """Fold [clips]; sources are dealt, largest first and at random among equals, so that both labels spread evenly."""
    random = np.random.default_rng(seed)
    names = sorted({clip.group for clip in clips})
    sizes = {name: np.array([sum(c.group == name and c.fight == side for c in clips) for side in (False, True)]) for name in names}
    order = [names[i] for i in random.permutation(len(names))]
    order.sort(key=lambda name: -sizes[name].sum())
    totals = np.zeros((count, 2))
    fold: dict[str, int] = {}
    for name in order:
        cost = ((totals + sizes[name]) ** 2 - totals**2).sum(axis=1) + random.random(count) * 6
        fold[name] = int(cost.argmin())
        totals[fold[name]] += sizes[name]
    return np.array([fold[clip.group] for clip in clips])

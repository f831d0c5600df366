"""k-means, for experts where the videos bear no class names."""

from __future__ import annotations

import numpy as np


def k_means(points: np.ndarray, count: int, seed: int, rounds: int = 50) -> np.ndarray:
    """Cluster [n] of each of `points` [n, d], seeded by distance (k-means++), best of five starts by inertia."""
    random = np.random.default_rng(seed)
    best, best_inertia = np.zeros(len(points), dtype=np.int64), np.inf
    for _ in range(5):
        assigned, inertia = _one_start(points, count, random, rounds)
        if inertia < best_inertia:
            best, best_inertia = assigned, inertia
    return best


def _one_start(points: np.ndarray, count: int, random: np.random.Generator, rounds: int) -> tuple[np.ndarray, float]:
    centres = points[[random.integers(len(points))]]
    while len(centres) < count:
        nearest = _distances(points, centres).min(axis=1)
        share = nearest / nearest.sum() if nearest.sum() > 0 else np.full(len(points), 1 / len(points))
        centres = np.vstack([centres, points[random.choice(len(points), p=share)]])
    assigned = np.full(len(points), -1)
    for _ in range(rounds):
        before, assigned = assigned, _distances(points, centres).argmin(axis=1)
        if np.array_equal(before, assigned):
            break
        for index in range(count):
            if (assigned == index).any():
                centres[index] = points[assigned == index].mean(axis=0)
    return assigned, float(_distances(points, centres).min(axis=1).sum())


def _distances(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Squared distances [n, k]."""
    return np.maximum(
        (points**2).sum(axis=1)[:, None] - 2 * points @ centres.T + (centres**2).sum(axis=1)[None], 0
    )

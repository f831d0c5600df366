"""The directions in which normal videos differ from each other: scenes, not events."""

from __future__ import annotations

import numpy as np

#: between-video variance, in units of a standardised channel's variance, that is turned down to half its power
STYLE_FLOOR = 0.1


def style_of(means: np.ndarray, rank: int, floor: float = STYLE_FLOOR) -> tuple[np.ndarray, np.ndarray]:
    """(directions [D, rank], gains [rank] in 0..1) from the mean standardised features of normal videos, [videos, D].

    Directions are the leading eigenvectors of the covariance of the means, gain = sqrt(floor / (eigenvalue + floor)), so
    that what is left of each has about the variance `floor`. The idea is nuisance attribute projection, from speaker
    verification (Solomonoff, Campbell, Boardman, ICASSP 2005), softened: a direction is turned down as far as
    scenes fill it, not removed, since events lie in it as well. Normal videos only: an abnormal one's mean holds its
    event. Directions beyond what the videos span get gain 1 (they do nothing).
    """
    centred = means - means.mean(axis=0)
    _, singular, vectors = np.linalg.svd(centred, full_matrices=False)
    found = min(rank, len(singular))
    directions = np.zeros((means.shape[1], rank), np.float32)
    gains = np.ones(rank, np.float32)
    directions[:, :found] = vectors[:found].T
    gains[:found] = np.sqrt(floor / (singular[:found] ** 2 / len(means) + floor))
    return directions, gains

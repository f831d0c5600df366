"""The encoder of the `fights` pack: half a second of gray video in, 25 numbers out. It looks at one segment alone.

Formula first (`motion_maps`, `motion_statistics`), because 190 clips of 53 sources cannot teach a network what motion
is; what is learned comes after:

* a whitening of the 70 statistics, learned without labels. Statistics of one channel hardly differ from one another
  (their correlations reach 0.99), and it is in what they differ that fights show; a head that is regularised evenly
  finds those directions only when they are as long as the others.
* a discriminant: the logistic regression on all 70 whitened statistics. Its logit is one feature; the 24 directions
  in which motion varies most are the others. With all 70 the heads had more to mistake than to learn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from .discriminant import Discriminant
from .motion_maps import motion_maps, without_camera_motion
from .motion_statistics import STATISTICS, motion_statistics

#: of the mean variance, added to each: directions below it are noise
WHITENING_FLOOR = 1e-3
#: the discriminant's logit is divided by this, so that it varies about as much as the others
LOGIT_SCALE = 3.0
#: a picture unlike all of training must not send a head anywhere
LIMIT = 8.0
#: directions handed on, those of most variance
DIRECTIONS = 24
DIMS = DIRECTIONS + 1


@dataclass(frozen=True)
class Whitening:
    """`mean` [70], `matrix` [70, 70]: (x - mean) @ matrix has about unit covariance."""

    mean: np.ndarray
    matrix: np.ndarray

    def apply(self, statistics: np.ndarray) -> np.ndarray:
        return np.clip((statistics - self.mean) @ self.matrix, -LIMIT, LIMIT)


def fit_whitening(statistics: np.ndarray) -> Whitening:
    """Of statistics [segments, 70] of training clips, all labels alike."""
    mean = statistics.mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov((statistics - mean).T))
    # the directions of most variance first
    matrix = (axes / np.sqrt(variances + WHITENING_FLOOR * variances.mean()))[:, ::-1]
    # the sign of an axis is a matter of the linear algebra library; fix it, so that a rebuild gives the same pack
    matrix = matrix * np.where(matrix[np.abs(matrix).argmax(axis=0), np.arange(len(mean))] < 0, -1.0, 1.0)
    return Whitening(mean, matrix)


def features_of(whitened: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """float32 [segments, 25] of whitened statistics [segments, 70] and logits [segments]."""
    logits = np.clip(logits / LOGIT_SCALE, -LIMIT, LIMIT)
    return np.concatenate([whitened[:, :DIRECTIONS], logits[:, None]], axis=1).astype(np.float32)


class FightsEncoder(nn.Module):
    """uint8 frames [N, 5, 160, 240] -> float32 features [N, 25]."""

    def __init__(self, whitening: Whitening, discriminant: Discriminant) -> None:
        super().__init__()
        buffer = lambda value: torch.from_numpy(np.asarray(value)).float()  # noqa: E731
        self.mean = nn.Parameter(buffer(whitening.mean), requires_grad=False)
        self.matrix = nn.Parameter(buffer(whitening.matrix), requires_grad=False)
        self.weights = nn.Parameter(buffer(discriminant.weights)[:, None], requires_grad=False)
        self.bias = nn.Parameter(buffer([discriminant.bias]), requires_grad=False)

    def forward(self, frames: Tensor) -> Tensor:
        maps = without_camera_motion(motion_maps(frames.float() / 255))
        whitened = ((motion_statistics(maps) - self.mean) @ self.matrix).clamp(-LIMIT, LIMIT)
        logit = ((whitened @ self.weights + self.bias) / LOGIT_SCALE).clamp(-LIMIT, LIMIT)
        return torch.cat([whitened[:, :DIRECTIONS], logit], dim=1)


def statistics_of(segments: np.ndarray, batch: int = 16) -> np.ndarray:
    """float32 [segments, 70] of uint8 segments [segments, 5, 160, 240]."""
    parts: list[np.ndarray] = []
    with torch.no_grad():
        for start in range(0, len(segments), batch):
            pictures = torch.from_numpy(segments[start : start + batch].astype(np.float32)) / 255
            parts.append(motion_statistics(without_camera_motion(motion_maps(pictures))).numpy())
    return np.concatenate(parts)

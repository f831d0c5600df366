"""Runs a head over whole videos, causally, in bounded memory."""

from __future__ import annotations

from typing import Callable

import numpy as np
import torch
from torch import Tensor, nn

#: attention costs chunk x chunk: much longer than the window is slower, much shorter scores the past twice
CHUNK = 128


def over_time(
    function: Callable[[Tensor, Tensor], Tensor], features: np.ndarray, window: int, chunk: int = CHUNK
) -> np.ndarray:
    """`function(features [N, T, D], present [N, T])` -> [N, T, ...] over features [snippets, crops, D]; crops averaged.

    Long videos are cut into chunks that each see `window` - 1 snippets of their past, so the result is that of one run.
    """
    parts: list[np.ndarray] = []
    by_crop = torch.from_numpy(np.ascontiguousarray(features.transpose(1, 0, 2)))
    with torch.no_grad():
        for start in range(0, by_crop.shape[1], chunk):
            past = max(0, start - window + 1)
            piece = by_crop[:, past : start + chunk]
            result = function(piece, torch.ones(piece.shape[:2]))
            parts.append(result[:, start - past :].mean(dim=0).numpy())
    return np.concatenate(parts)


def score_video(model: nn.Module, features: np.ndarray) -> np.ndarray:
    """Causal scores [snippets] in 0..1 of features [snippets, crops, D]; the mean over crops."""
    model.eval()
    return over_time(model, features, model.window)

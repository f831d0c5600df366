"""Dropout of whole channels of a bag."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ChannelDropout(nn.Module):
    """Drops channels of [N, T, C] for all T of a bag at once.

    A mask of its own for every snippet averages out over the snippets that attention mixes; and drawing it costs more
    than the layer it is for.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, values: Tensor) -> Tensor:
        if not self.training or self.share == 0:
            return values
        kept = torch.rand(values.shape[0], 1, values.shape[2]) >= self.share
        return values * (kept / (1 - self.share))

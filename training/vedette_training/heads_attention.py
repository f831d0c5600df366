"""Causal attention over the last snippets: one block of the student's encoder."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from .channel_dropout import ChannelDropout

_NEVER = -1e9


class CausalLocalBlock(nn.Module):
    """Pre-norm transformer block in which snippet t attends to present snippets among t-window+1 .. t.

    A learned bias by head and distance stands for position, so that nothing depends on where a window begins. A
    snippet always attends to itself, even where it is missing: an empty row of a softmax would be NaN, and what a
    missing snippet makes of itself is masked out everywhere else.
    """

    def __init__(self, width: int, heads: int, window: int, dropout: float) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"width {width} is not a multiple of {heads} heads")
        self.heads, self.window, self.size = heads, window, width // heads
        self.before_attention = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.output = nn.Linear(width, width)
        self.distance_bias = nn.Parameter(torch.zeros(heads, window))
        self.before_mlp = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), ChannelDropout(dropout), nn.Linear(2 * width, width)
        )
        self.dropout = ChannelDropout(dropout)

    def forward(self, hidden: Tensor, present: Tensor, newest_only: bool = False) -> Tensor:
        """[N, T, width] of hidden [N, T, width], present [N, T]; only the last snippet, [N, 1, width], if `newest_only`."""
        if newest_only:
            hidden, present = hidden[:, -self.window :], present[:, -self.window :]
        length = int(hidden.shape[1])
        first = length - 1 if newest_only else 0
        normed = self.before_attention(hidden)
        query = self._split(self.query(normed[:, first:]))
        key, value = (self._split(part) for part in self.key_value(normed).chunk(2, dim=-1))
        time = torch.arange(length)
        distance = time[first:, None] - time[None, :]
        near = (distance >= 0) & (distance < self.window)
        bias = self.distance_bias[:, distance.clamp(0, self.window - 1)]
        bias = torch.where(near, bias, torch.full_like(bias, _NEVER))[None]
        absent = (present[:, None, None, :] - 1) * -_NEVER * (distance != 0)
        weights = torch.softmax(query @ key.transpose(-1, -2) / math.sqrt(self.size) + (bias + absent), dim=-1)
        mixed = (weights @ value).transpose(1, 2).flatten(2)
        hidden = hidden[:, first:] + self.dropout(self.output(mixed))
        return hidden + self.dropout(self.mlp(self.before_mlp(hidden)))

    def _split(self, values: Tensor) -> Tensor:
        """[N, T, width] to [N, heads, T, size]."""
        return values.reshape(-1, int(values.shape[1]), self.heads, self.size).transpose(1, 2)

"""Heads of several seeds as one: with so few clips a seed alone moves the AUC by 0.02."""

from __future__ import annotations

from typing import Sequence

import torch
from torch import Tensor, nn

FIGHT = "fight"


class EnsembleHead(nn.Module):
    """Means of the scores of heads of one kind. Where they have experts, one expert `fight`: the mean of all of them.

    The clusters of two seeds are not the same, and within a seed they fire on the same clips (correlation 0.9).
    """

    def __init__(self, heads: Sequence[nn.Module]) -> None:
        super().__init__()
        self.heads = nn.ModuleList(heads)
        self.kind, self.config, self.window = heads[0].kind, heads[0].config, heads[0].window
        self.experts: tuple[str, ...] = (FIGHT,) if heads[0].experts else ()

    def forward(self, features: Tensor, present: Tensor) -> Tensor:
        """Causal scores [N, T] of features [N, T, D], present [N, T]."""
        return torch.stack([head(features, present) for head in self.heads]).mean(dim=0)

    def newest(self, features: Tensor, present: Tensor) -> tuple[Tensor, Tensor | None]:
        """Score [N, 1] and expert [N, 1] of the last snippet of a window [N, W, D]."""
        parts = [head.newest(features, present) for head in self.heads]
        score = torch.stack([part for part, _ in parts]).mean(dim=0)
        experts = [expert for _, expert in parts if expert is not None]
        if not experts:
            return score, None
        return score, torch.stack([expert.mean(dim=1, keepdim=True) for expert in experts]).mean(dim=0)

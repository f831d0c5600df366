"""The MIL head of Sultani, Chen, Shah (CVPR 2018), scored on a sliding mean of the last snippets."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class MilConfig:
    """`dims` D of the extractor.

    `window`: snippets whose mean a live score looks at. A bag's segment is the mean of 1/32 of the bag; the median
    segment of the UCF-Crime test set lasts 1.9 s, four snippets of half a second.
    """

    dims: int
    window: int = 4
    dropout: float = 0.6


class MilHead(nn.Module):
    """Linear D-512 ReLU, 512-32 without activation, 32-1 sigmoid; 541,249 parameters at D = 1024.

    Layer widths, the missing second activation, dropout 0.6 and Glorot normal weights are the authors' code.
    """

    kind = "mil"
    #: names of the experts: this head has none
    experts: tuple[str, ...] = ()

    def __init__(self, config: MilConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.Sequential(
            nn.Linear(config.dims, 512),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Linear(512, 32),
            nn.Dropout(config.dropout),
            nn.Linear(32, 1),
        )
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                nn.init.xavier_normal_(layer.weight)
                nn.init.zeros_(layer.bias)

    @property
    def window(self) -> int:
        """Snippets that a score depends on, the newest included."""
        return self.config.window

    def score_segments(self, segments: Tensor) -> Tensor:
        """Scores [N, T] in 0..1 of segment features [N, T, D]; each is set to length 1 first, as the authors do."""
        return torch.sigmoid(self.layers(to_unit_length(segments)).squeeze(-1))

    def forward(self, features: Tensor, present: Tensor) -> Tensor:
        """Causal scores [N, T] of features [N, T, D], present [N, T]: each of the mean of the last `window` present ones."""
        return self.score_segments(trailing_mean(features, present, self.window))

    def newest(self, features: Tensor, present: Tensor) -> tuple[Tensor, Tensor | None]:
        """Score [N, 1] of the last snippet of a window [N, W, D], and None for experts: the graph that is exported."""
        weights = present[:, -self.window :, None]
        total = (features[:, -self.window :] * weights).sum(dim=1, keepdim=True)
        mean = total / weights.sum(dim=1, keepdim=True).clamp(min=1)
        return self.score_segments(mean), None


def to_unit_length(values: Tensor) -> Tensor:
    """L2 normalisation over the last dimension; a zero vector stays zero. Spelled out so that it exports plainly."""
    return values / values.square().sum(dim=-1, keepdim=True).clamp(min=1e-12).sqrt()


def trailing_mean(features: Tensor, present: Tensor, window: int) -> Tensor:
    """Mean [N, T, D] of the present ones among the last `window` snippets of each."""
    weighted = features * present[..., None]
    padded = nn.functional.pad(weighted, (0, 0, window - 1, 0))
    counts = nn.functional.pad(present, (window - 1, 0))
    length = features.shape[1]
    total = sum(padded[:, i : i + length] for i in range(window))
    count = sum(counts[:, i : i + length] for i in range(window))
    return total / count.clamp(min=1)[..., None]

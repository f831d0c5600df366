"""The net: standardisation, two hidden layers with ReLU, one logit; the strangest figure speaks for its segment (multiple instances)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from .invented import WrongWays
from .views import Bags

#: a segment without a figure of the sort; as in src/score/figures/figure-net.ts
NOTHING_THERE = -8.0
_BATCH = 50_000


@dataclass(frozen=True)
class FitConfig:
    steps: int = 4000
    hidden: Sequence[int] = (48, 24)
    learning_rate: float = 4e-3
    weight_decay: float = 1e-2
    events: int = 256
    normal: int = 1536
    #: of those that move, figures with a course of their own (invented.py)
    invented: int = 32
    #: after each third of the steps, half of the normal segments are drawn from this share, the strangest ones
    hard_share: float = 0.02
    hard_weight: float = 0.3


class FigureNet(nn.Module):
    def __init__(self, mean: np.ndarray, scale: np.ndarray, hidden: Sequence[int]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(mean.astype(np.float32)))
        self.register_buffer("scale", torch.from_numpy(scale.astype(np.float32)))
        sizes = [len(mean), *hidden, 1]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, views: Tensor) -> Tensor:
        """Logits [figures] of views [figures, fields]."""
        values = (views - self.mean) / self.scale
        for layer in self.layers[:-1]:
            values = torch.relu(layer(values))
        return self.layers[-1](values)[:, 0]


def segment_logits(net: FigureNet, bags: Bags, segments: np.ndarray) -> Tensor:
    """The largest logit of each segment's figures."""
    rows, where = bags.figures_of(segments)
    floor = torch.full((len(segments),), NOTHING_THERE)
    if len(rows) == 0:
        return floor
    logits = net(torch.from_numpy(bags.views[rows]))
    return floor.scatter_reduce(0, torch.from_numpy(where), logits, "amax", include_self=True)


def score_all(net: FigureNet, bags: Bags) -> np.ndarray:
    with torch.no_grad():
        count = len(bags.count)
        parts = [segment_logits(net, bags, np.arange(a, min(a + _BATCH, count))) for a in range(0, count, _BATCH)]
        return torch.cat(parts).numpy()


def fit(bags: Bags, config: FitConfig, seed: int) -> FigureNet:
    """Binary cross-entropy of the strangest figure against the segment's weak label. The same seed gives the same net."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    used = bags.views
    net = FigureNet(used.mean(axis=0), used.std(axis=0) + 1e-3, config.hidden)
    events = np.flatnonzero((bags.target == 1) & (bags.count > 0))
    normal = np.flatnonzero((bags.target == 0) & (bags.count > 0))
    share = bags.weight[events].astype(np.float64)
    share /= share.sum()
    invented = WrongWays(bags, normal) if config.invented > 0 else None
    hard = None
    optimiser = torch.optim.AdamW(net.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.steps)
    for step in range(config.steps):
        if step in (config.steps // 3, 2 * config.steps // 3):
            with torch.no_grad():
                parts = [segment_logits(net, bags, normal[a : a + _BATCH]) for a in range(0, len(normal), _BATCH)]
            order = np.argsort(-torch.cat(parts).numpy(), kind="stable")
            hard = normal[order[: max(1, int(len(normal) * config.hard_share))]]
        drawn = [random.choice(events, config.events, p=share), random.choice(normal, config.normal)]
        weights = [np.ones(config.events), np.ones(config.normal)]
        if hard is not None:
            half = config.normal // 2
            drawn[1:] = [drawn[1][:half], random.choice(hard, half)]
            weights[1:] = [np.ones(half), np.full(half, config.hard_weight)]
        segments = np.concatenate(drawn)
        truth = torch.from_numpy((bags.target[segments] == 1).astype(np.float32))
        weight = torch.from_numpy(np.concatenate(weights).astype(np.float32))
        losses = nn.functional.binary_cross_entropy_with_logits(segment_logits(net, bags, segments), truth, reduction="none")
        if invented is not None:
            strange = net(torch.from_numpy(invented.draw(config.invented, random)))
            losses = torch.cat([losses, nn.functional.softplus(-strange)])
            weight = torch.cat([weight, torch.ones(config.invented)])
        loss = (losses * weight).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return net

"""How the MIL head is trained: Sultani's ranking loss on bags of 32 segments."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from .bags import Bag, BagSource, segments_of
from .heads_mil import MilHead
from .losses import ranking_loss
from .trainer import TrainConfig

#: Adagrad and 0.01 are the authors' code (their paper prints 0.001)
LEARNING_RATE = 0.01
#: their L2 penalty 0.001 |W|^2 has the gradient 0.002 W
WEIGHT_DECAY = 0.002
#: of the bags, how many are cut at random, so that segments as short as a live window are seen
CROP_SHARE = 0.5


class RankingStage:
    name = "ranking"
    #: the loss ranks: its scores are no probabilities, so the cross-entropy only decides between equals
    entropy_weight = 0.02

    def __init__(self, source: BagSource, config: TrainConfig) -> None:
        self.source, self.config, self.steps = source, config, config.steps

    def begin(self, model: nn.Module) -> None:
        """Nothing to prepare."""

    def optimiser(self, model: nn.Module) -> torch.optim.Optimizer:
        weights = [p for n, p in model.named_parameters() if n.endswith("weight")]
        biases = [p for n, p in model.named_parameters() if n.endswith("bias")]
        groups = [{"params": weights, "weight_decay": WEIGHT_DECAY}, {"params": biases, "weight_decay": 0.0}]
        return torch.optim.Adagrad(groups, lr=LEARNING_RATE)

    def loss(self, model: MilHead, step: int) -> Tensor:
        abnormal = [self._segments(self.source.abnormal_bag()) for _ in range(self.config.batch)]
        normal = [self._segments(self.source.normal_bag()) for _ in range(self.config.batch)]
        scores = model.score_segments(torch.from_numpy(np.stack(abnormal + normal)))
        return ranking_loss(scores[: len(abnormal)], scores[len(abnormal) :])

    def before_evaluation(self, model: nn.Module) -> None:
        """Nothing to refresh."""

    def curve(self, model: MilHead, features: Tensor, present: Tensor) -> Tensor:
        return model(features, present)

    def _segments(self, bag: Bag) -> np.ndarray:
        """32 segments of a crop of random length. A crop never leaves out more than half of an abnormal video: labels

        hold for videos, and a crop that missed the event would be a wrong one."""
        random, length = self.source.random, len(bag.features)
        first, last = 0, length
        if random.random() < CROP_SHARE:
            inner = np.flatnonzero(bag.unknown) if bag.abnormal else np.arange(length)
            kept = int(random.integers(max(1, (len(inner) + 1) // 2), len(inner) + 1)) if bag.abnormal else 1
            start = int(inner[int(random.integers(len(inner) - kept + 1))])
            first = int(random.integers(start + 1))
            last = int(random.integers(start + kept, length + 1))
        return segments_of(bag.features[first:last])

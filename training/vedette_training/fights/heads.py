"""The heads of the pack, trained by the package's own trainer on the encoder's features."""

from __future__ import annotations

from typing import Sequence

import numpy as np
from torch import nn

from ..data import NORMAL, Dataset, Video
from ..fit import FitConfig, fit
from ..trainer import TrainConfig
from .corpus import Clip
from .encoder import DIRECTIONS
from .ensemble import EnsembleHead

SECONDS = 0.5
#: a fight clip lasts four segments; what the heads look at is about as long
ATTENTION_WINDOW = 4
SEEDS = 3
RECIPES: dict[str, dict[str, object]] = {
    "mil": {"head": "mil", "model": {"window": 4}},
    "gs-moe": {
        "head": "gs-moe",
        "clusters": 2,
        "model": {
            "hidden": 32,
            "attention_heads": 2,
            "attention_window": ATTENTION_WINDOW,
            "expert_hidden": 16,
            "dropout": 0.3,
            # the discriminant's logit, the last of the encoder's numbers
            "known_channel": DIRECTIONS,
        },
    },
}
#: few and short bags: fewer and larger steps than the package's defaults, which are for thousands of videos
TRAINING = {
    "mil": TrainConfig(steps=240, batch=16, evaluate_every=25, patience=8, longest_bag=40),
    "gs-moe": TrainConfig(
        steps=240, batch=8, learning_rate=3e-3, weight_decay=1e-2, evaluate_every=20, patience=8, longest_bag=24
    ),
}


def recipe_of(kind: str, seed: int) -> FitConfig:
    return FitConfig(seed=seed, train=TRAINING[kind], **RECIPES[kind])


def dataset_of(clips: Sequence[Clip], features: Sequence[np.ndarray]) -> Dataset:
    """A data set for the trainer of clips and their features [segments, views, D]."""
    videos = tuple(
        Video(
            name=clip.name,
            label="fight" if clip.fight else NORMAL,
            group=clip.group,
            split="train",
            load=lambda values=values: values,
            seconds_per_snippet=SECONDS,
        )
        for clip, values in zip(clips, features)
    )
    return Dataset("fights-dev", videos)


def train_head(kind: str, clips: Sequence[Clip], features: Sequence[np.ndarray], seed: int) -> tuple[nn.Module, dict]:
    """`SEEDS` heads as one, and the summary of the first, whose parameters are those of all."""
    fitted = [fit(dataset_of(clips, features), recipe_of(kind, SEEDS * seed + number)) for number in range(SEEDS)]
    models = [one.model for one in fitted if one is not None]
    ensemble = EnsembleHead(models)
    summary = dict(fitted[0].summary) if fitted[0] is not None else {}
    return ensemble, {**summary, "parameters": sum(p.numel() for p in ensemble.parameters())}

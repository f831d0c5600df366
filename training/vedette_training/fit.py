"""Trains one head on a data set and says how it did."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from torch import nn

from .bags import BagConfig, BagSource
from .data import DataError, Dataset, Video, frame_scores, hold_out_groups
from .heads_gs_moe import GsMoeConfig, GsMoeHead
from .heads_mil import MilConfig, MilHead
from .metrics import auc, detection_figures
from .run import save_head
from .scoring import score_video
from .stages_gs_moe import gs_moe_stages
from .stages_mil import RankingStage
from .trainer import TrainConfig, Trainer, make_deterministic

#: k-means experts of the GS-MoE ablation without class labels
CLUSTERS = 7


@dataclass(frozen=True)
class FitConfig:
    """A head's whole recipe. `head`: mil or gs-moe. `model`: overrides of MilConfig or GsMoeConfig.

    experts: `auto` (by class where the training split has two classes or more, else by cluster), `classes`,
    `clusters` or `none`. splatting: whether curves are taught their own rendered peaks.
    """

    head: str = "gs-moe"
    seed: int = 0
    experts: str = "auto"
    clusters: int = CLUSTERS
    splatting: bool = True
    model: dict[str, object] = field(default_factory=dict)
    train: TrainConfig = field(default_factory=TrainConfig)


@dataclass(frozen=True)
class Fitted:
    model: nn.Module
    summary: dict[str, object]


def fit(dataset: Dataset, config: FitConfig, folder: Path | None = None, stop_after: int | None = None) -> Fitted | None:
    """Trains a head on the train split; with `folder` writes log, checkpoints and model.pt there and resumes from them.

    None where `stop_after` steps ended it early. Raises DataError where the data cannot train it.
    """
    make_deterministic(config.seed)
    fit_videos, held_out = hold_out_groups(dataset.of("train"), config.train.held_out_share, config.seed)
    random = np.random.default_rng(config.seed)
    bags = BagConfig(longest=config.train.longest_bag, synthesis=config.train.synthesis)
    source = BagSource(fit_videos, bags, random)
    _check_held_out(held_out)
    dims = _dims_of(source)
    if config.head == "mil":
        model: nn.Module = MilHead(MilConfig(dims=dims, **config.model))
        stages = [RankingStage(source, config.train)]
    else:
        names, by_class = _expert_names(source, config)
        model = GsMoeHead(GsMoeConfig(dims=dims, experts=names, **config.model))
        stages = gs_moe_stages(source, config.train, config.splatting, bool(names), by_class)
    if not Trainer(model, stages, held_out, random, config.train, folder).run(stop_after):
        return None
    model.eval()
    summary = _summary(dataset, model, config, fit_videos, held_out)
    if folder is not None:
        save_head(folder / "model.pt", model, {"summary": summary})
        (folder / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        (folder / "checkpoint.pt").unlink(missing_ok=True)
    return Fitted(model, summary)


def _check_held_out(held_out: list[Video]) -> None:
    labels = {video.abnormal for video in held_out}
    if labels != {True, False}:
        raise DataError("early stopping needs two groups or more of normal and of abnormal training videos each")


def _dims_of(source: BagSource) -> int:
    sizes = {features.shape[2] for features in source.features}
    if len(sizes) != 1:
        raise DataError(f"videos have features of different sizes: {sorted(sizes)}; one extractor must have made them all")
    return sizes.pop()


def _expert_names(source: BagSource, config: FitConfig) -> tuple[tuple[str, ...], bool]:
    """(names of the experts, whether they are classes)."""
    classes = tuple(sorted({source.videos[i].label for i in source.abnormal}))
    if config.experts == "none":
        return (), False
    if config.experts == "classes" or (config.experts == "auto" and len(classes) > 1):
        return classes, True
    count = min(config.clusters, max(1, len(source.abnormal) // 4))
    return tuple(f"cluster-{index + 1}" for index in range(count)), False


def _summary(
    dataset: Dataset, model: nn.Module, config: FitConfig, fit_videos: list[Video], held_out: list[Video]
) -> dict[str, object]:
    threshold, balanced = choose_threshold(model, held_out)
    return {
        "head": config.head,
        "dataset": dataset.name,
        "seed": config.seed,
        "recipe": {**asdict(config)},
        "parameters": sum(p.numel() for p in model.parameters()),
        "window": model.window,
        "videos": {
            "fit": len(fit_videos),
            "heldOut": len(held_out),
            "test": len(dataset.of("test")),
        },
        "threshold": threshold,
        "heldOutBalancedAccuracy": balanced,
        "test": test_figures(model, dataset.of("test")),
    }


def choose_threshold(model: nn.Module, videos: list[Video]) -> tuple[float, float]:
    """(threshold, balanced accuracy) over held-out training videos, a video called abnormal if its highest score reaches it.

    Of equally good thresholds the middle of the widest gap is taken.
    """
    highest = np.array([float(score_video(model, v.load()).max()) for v in videos])
    truth = np.array([v.abnormal for v in videos])
    values = np.unique(highest)
    candidates = (values[:-1] + values[1:]) / 2 if len(values) > 1 else values
    gaps = np.diff(values) if len(values) > 1 else np.ones(1)
    accuracy = np.array([((highest >= c)[truth].mean() + (highest < c)[~truth].mean()) / 2 for c in candidates])
    best = np.flatnonzero(accuracy == accuracy.max())
    chosen = int(best[np.argmax(gaps[best])])
    return float(np.clip(candidates[chosen], 1e-3, 1 - 1e-3)), float(accuracy[chosen])


def test_figures(model: nn.Module, videos: list[Video]) -> dict[str, float]:
    """Figures on the test split: by video (highest score), and by frame where there is temporal truth."""
    if not videos:
        return {}
    scores = [score_video(model, video.load()) for video in videos]
    figures = {"videoAuc": auc(np.array([s.max() for s in scores]), np.array([v.abnormal for v in videos]))}
    # a normal video needs no file to say that nothing in it is abnormal
    truths = [
        np.zeros(len(s) * v.frames_per_snippet, np.uint8) if v.truth is None and not v.abnormal else v.truth
        for v, s in zip(videos, scores)
    ]
    timed = [i for i, truth in enumerate(truths) if truth is not None]
    if any(videos[i].abnormal for i in timed):
        expanded = [frame_scores(truths[i], scores[i], videos[i].frames_per_snippet) for i in timed]
        figures |= detection_figures(expanded, [truths[i] for i in timed])
    return {name: value for name, value in figures.items() if not np.isnan(value)}

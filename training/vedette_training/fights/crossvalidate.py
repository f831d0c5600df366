"""Grouped cross-validation of encoder and heads: python -m vedette_training.fights.crossvalidate DATASET --cache FILE --out FILE.

Each repeat deals the sources anew to five folds. For each fold the whitening, the discriminant and every head are
trained on the other four; the fold is scored as `vedette eval` scores clips (highest segment of a clip), and on
untrimmed streams put together from its clips.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Sequence

import numpy as np
import torch

from ..metrics import auc, detection_figures
from ..scoring import score_video
from .corpus import Clip, read_corpus
from .folds import fold_of_clips
from .heads import RECIPES, train_head
from .learned import cross_fitted, learn
from .streams import streams_of

FOLDS = 5
STREAMS = 40
CONTROL = "discriminant"


@dataclass
class Repeat:
    """Of one way to deal the folds: score of each clip and figures of each fold's streams, by head."""

    seed: int
    folds: np.ndarray
    clips: dict[str, np.ndarray] = field(default_factory=dict)
    streams: dict[str, list[dict[str, float]]] = field(default_factory=dict)


def run_repeat(clips: Sequence[Clip], seed: int, kinds: Sequence[str]) -> Repeat:
    repeat = Repeat(seed, fold_of_clips(clips, FOLDS, seed))
    for name in (CONTROL, *kinds):
        repeat.clips[name] = np.zeros(len(clips))
        repeat.streams[name] = []
    for fold in range(FOLDS):
        train = [clip for clip, own in zip(clips, repeat.folds) if own != fold]
        tested = np.flatnonzero(repeat.folds == fold)
        learned = learn(train)
        training_features = cross_fitted(train, learned, seed)
        features = {int(i): learned.features(clips[i].live) for i in tested}
        scorers = {CONTROL: trailing_logit}
        for kind in kinds:
            model, _ = train_head(kind, train, training_features, seed)
            scorers[kind] = lambda values, model=model: score_video(model, values[:, None])
        random = np.random.default_rng([seed, fold])
        streams = [[int(tested[i]) for i in stream] for stream in streams_of([clips[i].fight for i in tested], STREAMS, random)]
        truths = [np.concatenate([np.full(len(features[i]), clips[i].fight) for i in stream]) for stream in streams]
        for name, score in scorers.items():
            for i in tested:
                repeat.clips[name][i] = score(features[int(i)]).max()
            scores = [score(np.concatenate([features[i] for i in stream])) for stream in streams]
            repeat.streams[name].append(detection_figures(scores, truths))
    return repeat


def trailing_logit(features: np.ndarray) -> np.ndarray:
    """The control: the mean of the discriminant over the last four segments."""
    logits = features[:, -1]
    return np.array([logits[max(0, i - 3) : i + 1].mean() for i in range(len(logits))])


def interval_of(scores: np.ndarray, clips: Sequence[Clip], rounds: int = 1000) -> tuple[float, float]:
    """95 % interval of the AUC by resampling sources."""
    random = np.random.default_rng(1)
    truth = np.array([clip.fight for clip in clips])
    groups = [np.flatnonzero([clip.group == name for clip in clips]) for name in sorted({clip.group for clip in clips})]
    values = []
    for _ in range(rounds):
        rows = np.concatenate([groups[i] for i in random.integers(len(groups), size=len(groups))])
        values.append(auc(scores[rows], truth[rows]))
    low, high = np.nanquantile(values, [0.025, 0.975])
    return float(low), float(high)


def accuracy_by_other_folds(scores: np.ndarray, folds: np.ndarray, truth: np.ndarray) -> float:
    """Share of clips on the right side of a threshold chosen on the other folds."""
    right = 0
    for fold in range(FOLDS):
        own = folds == fold
        right += int(((scores[own] >= best_threshold(scores[~own], truth[~own])) == truth[own]).sum())
    return right / len(scores)


def best_threshold(scores: np.ndarray, truth: np.ndarray) -> float:
    """Of the highest balanced accuracy; of equal ones the median."""
    values = np.unique(scores)
    candidates = (values[:-1] + values[1:]) / 2 if len(values) > 1 else values
    balanced = np.array([((scores[truth] >= c).mean() + (scores[~truth] < c).mean()) / 2 for c in candidates])
    return float(np.median(candidates[balanced >= balanced.max() - 1e-12]))


def report_of(clips: Sequence[Clip], repeats: Sequence[Repeat]) -> dict[str, object]:
    """What the model card prints. `auc`: mean over repeats of the AUC of pooled out-of-fold scores."""
    truth = np.array([clip.fight for clip in clips])
    report: dict[str, object] = {"clips": len(clips), "groups": len({c.group for c in clips}), "folds": FOLDS, "repeats": len(repeats)}
    for name in repeats[0].clips:
        areas = [auc(repeat.clips[name], truth) for repeat in repeats]
        folds = [[auc(r.clips[name][r.folds == f], truth[r.folds == f]) for f in range(FOLDS)] for r in repeats]
        intervals = [interval_of(repeat.clips[name], clips) for repeat in repeats]
        streams = [[fold["aucAbnormal"] for fold in repeat.streams[name]] for repeat in repeats]
        report[name] = {
            "auc": round(float(np.mean(areas)), 4),
            "aucOfRepeats": [round(a, 4) for a in areas],
            "aucInterval": [round(float(v), 4) for v in np.mean(intervals, axis=0)],
            "aucOfFolds": [[round(a, 4) for a in row] for row in folds],
            "accuracy": round(float(np.mean([accuracy_by_other_folds(r.clips[name], r.folds, truth) for r in repeats])), 4),
            "threshold": float(np.mean([best_threshold(r.clips[name], truth) for r in repeats])),
            "streamsAucAbnormal": round(float(np.mean(streams)), 4),
            "streamsAucAbnormalOfRepeats": [round(float(np.mean(row)), 4) for row in streams],
            "streamsAucAbnormalOfFolds": [[round(a, 4) for a in row] for row in streams],
        }
    return report


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m vedette_training.fights.crossvalidate", description=__doc__)
    parser.add_argument("dataset", type=Path, help="dataset file of kind clips")
    parser.add_argument("--cache", type=Path, required=True, help="where statistics of the clips are kept (.npz)")
    parser.add_argument("--out", type=Path, required=True, help="report, JSON")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--heads", nargs="*", default=list(RECIPES), choices=list(RECIPES))
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    clips = read_corpus(options.dataset, options.cache)
    repeats = []
    for seed in range(options.repeats):
        repeats.append(run_repeat(clips, seed, options.heads))
        report = report_of(clips, repeats)
        options.out.write_text(json.dumps(report, indent=2) + "\n")
        line = {n: (report[n]["aucOfRepeats"][-1], report[n]["streamsAucAbnormalOfRepeats"][-1]) for n in repeats[0].clips}
        print(f"repeat {seed}: AUC of clips, AUC_A of streams: {line}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

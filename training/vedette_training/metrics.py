"""Area under the ROC and average precision, on one definition of ties."""

from __future__ import annotations

import numpy as np


def auc(scores: np.ndarray, truth: np.ndarray) -> float:
    """Area under the ROC of `scores` [n] against `truth` [n] (0 or 1), ties counting one half.

    The rank form (Mann-Whitney U). NaN where only one class is present.
    """
    scores = np.asarray(scores, dtype=np.float64)
    positive = np.asarray(truth).astype(bool)
    positives, negatives = int(positive.sum()), int((~positive).sum())
    if positives == 0 or negatives == 0:
        return float("nan")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2.0)[inverse]
    return float((ranks[positive].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(scores: np.ndarray, truth: np.ndarray) -> float:
    """Step-wise average precision: sum of (recall gained) x precision over distinct scores. NaN without positives."""
    scores = np.asarray(scores, dtype=np.float64)
    positive = np.asarray(truth).astype(bool)
    if not positive.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(positive[order])
    # a threshold lies only where the score changes, so that ties are accepted together
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    recall = hits[ends] / hits[-1]
    precision = hits[ends] / (ends + 1)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def detection_figures(scores: list[np.ndarray], truths: list[np.ndarray]) -> dict[str, float]:
    """Figures over videos, one score and one 0/1 truth a frame (or snippet) each.

    auc: all frames pooled (the field's "micro" frame AUC). aucAbnormal: AUC_A, pooled over the frames of videos that
    hold an anomaly, which alone says whether a head localises. ap, apAbnormal: the same for average precision.
    auc of a perfect video classifier without any localisation stands beside it as a control (`aucVideoOracle`).
    """
    abnormal = [i for i, truth in enumerate(truths) if np.any(truth)]
    all_scores, all_truth = np.concatenate(scores), np.concatenate(truths)
    oracle = np.concatenate([np.full(len(t), float(np.any(t))) for t in truths])
    figures = {
        "auc": auc(all_scores, all_truth),
        "ap": average_precision(all_scores, all_truth),
        "aucVideoOracle": auc(oracle, all_truth),
    }
    if abnormal:
        some_scores = np.concatenate([scores[i] for i in abnormal])
        some_truth = np.concatenate([truths[i] for i in abnormal])
        figures["aucAbnormal"] = auc(some_scores, some_truth)
        figures["apAbnormal"] = average_precision(some_scores, some_truth)
    return figures

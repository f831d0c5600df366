"""Losses on bags: Sultani's ranking loss, and top-k multiple-instance cross-entropy. Shapes: N bags, T snippets."""

from __future__ import annotations

import torch
from torch import Tensor

#: lambda 1 and lambda 2 of Sultani, Chen, Shah (CVPR 2018)
SMOOTHNESS = 8e-5
SPARSITY = 8e-5
_SMALLEST = 1e-6


def ranking_loss(abnormal: Tensor, normal: Tensor, smoothness: float = SMOOTHNESS, sparsity: float = SPARSITY) -> Tensor:
    """Sultani's loss for abnormal scores [A, T] and normal scores [B, T], both in 0..1:

        L(a, n) = max(0, 1 - max_i f_i^a + max_i f_i^n)
                  + lambda1 sum_i (f_i^a - f_{i+1}^a)^2 + lambda2 sum_i f_i^a

    Every normal bag is set against every abnormal bag; as in the authors' code the hinge is summed over the abnormal
    bags and averaged over the normal ones, the two constraints are summed over the abnormal bags.
    """
    hinge = torch.relu(1 - abnormal.max(dim=1).values[:, None] + normal.max(dim=1).values[None, :])
    smooth = (abnormal[:, 1:] - abnormal[:, :-1]).square().sum()
    return hinge.sum(dim=0).mean() + smoothness * smooth + sparsity * abnormal.sum()


def top_mean(scores: Tensor, counted: Tensor, share: int = 16) -> Tensor:
    """Mean [N] of the top (t/share + 1) of `scores` [N, T] where `counted` [N, T] is 1, t = counted snippets of the bag."""
    masked = torch.where(counted > 0, scores, torch.full_like(scores, -1.0))
    ordered = masked.sort(dim=1, descending=True).values
    lengths = counted.sum(dim=1)
    counts = torch.div(lengths, share, rounding_mode="floor") + 1
    counts = torch.minimum(counts, lengths.clamp(min=1))
    taken = (torch.arange(scores.shape[1])[None, :] < counts[:, None]).to(scores.dtype)
    return (ordered.clamp(min=0) * taken).sum(dim=1) / counts


def top_k_loss(scores: Tensor, labels: Tensor, counted: Tensor, share: int = 16) -> Tensor:
    """Binary cross-entropy of the top-k mean of each bag against its label [N] (0 or 1). k = t/16 + 1, as UR-DMU's."""
    means = top_mean(scores, counted, share).clamp(_SMALLEST, 1 - _SMALLEST)
    return torch.nn.functional.binary_cross_entropy(means, labels.to(means.dtype))


def snippet_loss(scores: Tensor, targets: Tensor, counted: Tensor) -> Tensor:
    """Binary cross-entropy of scores [N, T] against soft targets [N, T], mean over counted snippets of a bag, then bags.

    The mean is taken a bag first, so that a long bag weighs no more than a short one.
    """
    clamped = scores.clamp(_SMALLEST, 1 - _SMALLEST)
    each = torch.nn.functional.binary_cross_entropy(clamped, targets, reduction="none")
    return ((each * counted).sum(dim=1) / counted.sum(dim=1).clamp(min=1)).mean()

"""How GS-MoE is trained: the encoder with its coarse curve, then experts, then the gate.

All stages share one objective for a curve s: L = L_MIL(top-k) + BCE(s, rendered), the second part after a warm-up
during which a curve's peaks are still noise. On normal bags the rendered target is 0 (the natural reading). An abnormal
bag whose curve has no peak yet has no target: zeros would teach that it is normal. Snippets of normal videos that were
pasted around an abnormal one are known to be normal: they count for targets (as 0), not for the top k.
"""

from __future__ import annotations

from typing import Sequence

import numpy as np
import torch
from torch import Tensor

from .bags import BagSource, stack
from .calibrate import alarm_map
from .clusters import k_means
from .heads_gs_moe import GsMoeHead
from .losses import snippet_loss, top_k_loss
from .scene_style import style_of
from .scoring import over_time
from .splatting import render_batch
from .trainer import TrainConfig

WARM_UP_SHARE = 0.3
#: of all steps, what the encoder, the experts and the gate get
STAGE_SHARES = (0.5, 0.35, 0.15)
MOST_CALIBRATION_VIDEOS = 40
Batch = tuple[Tensor, Tensor, Tensor, Tensor]


def curve_loss(scores: Tensor, batch: Batch, splat: bool) -> Tensor:
    """The objective for one curve [N, T] of a batch (features, present, unknown, labels)."""
    _, present, unknown, labels = batch
    counted = torch.where(labels[:, None] > 0, unknown, present)
    loss = top_k_loss(scores, labels, counted)
    if not splat:
        return loss
    abnormal = labels > 0
    targets = torch.zeros_like(scores)
    if abnormal.any():
        curves = scores.detach()[abnormal].double().numpy()
        targets[abnormal] = torch.from_numpy(render_batch(curves, unknown[abnormal].numpy()))
    has_target = (targets.amax(dim=1) > 0) | ~abnormal
    weights = present * torch.where(has_target[:, None], torch.ones_like(scores), 1 - unknown)
    return loss + snippet_loss(scores, targets, weights)


class _Stage:
    """What the three stages share."""

    #: what is trained is a cross-entropy: its value on held-out videos says something
    entropy_weight = 0.2

    def __init__(self, source: BagSource, config: TrainConfig, steps: int, splatting: bool) -> None:
        self.source, self.config, self.steps, self.splatting = source, config, steps, splatting
        self.memory: dict[str, object] = {}

    def begin(self, model: GsMoeHead) -> None:
        """Nothing to prepare."""

    def before_evaluation(self, model: GsMoeHead) -> None:
        """Nothing to refresh."""

    def optimiser(self, model: GsMoeHead) -> torch.optim.Optimizer:
        return torch.optim.AdamW(
            list(self.trained(model)), lr=self.config.learning_rate, weight_decay=self.config.weight_decay
        )

    def trained(self, model: GsMoeHead):
        return model.parameters()

    def draw(self, among: Sequence[Sequence[int]] | None = None) -> Batch:
        """A batch of abnormal bags (the i-th drawn from `among[i]`, if given) and as many normal ones."""
        abnormal = [
            self.source.abnormal_bag(None if among is None else among[i]) for i in range(self.config.batch)
        ]
        bags = abnormal + [self.source.normal_bag() for _ in range(self.config.batch)]
        features, present, unknown = (torch.from_numpy(part) for part in stack(bags))
        return features, present, unknown, torch.tensor([float(bag.abnormal) for bag in bags])

    def splat_now(self, step: int) -> bool:
        return self.splatting and step >= WARM_UP_SHARE * self.steps


class EncoderStage(_Stage):
    """Encoder and coarse curve, on all classes."""

    name = "encoder"

    def begin(self, model: GsMoeHead) -> None:
        """Sets the standardisation, and the directions of style, from normal training snippets."""
        videos = [self.source.features[i].reshape(-1, model.config.dims) for i in self.source.normal]
        if model.config.unit_length:
            videos = [rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6) for rows in videos]
        rows = np.concatenate(videos)
        deviation = rows.std(axis=0)
        # a channel that never moves in training would blow up at the first live picture where it does
        floor = max(1e-6, 0.1 * float(np.median(deviation)))
        centre, scale = rows.mean(axis=0), np.maximum(deviation, floor)
        model.feature_mean.copy_(torch.from_numpy(centre))
        model.feature_scale.copy_(torch.from_numpy(scale))
        if model.config.style_rank:
            means = np.stack([(video.mean(axis=0) - centre) / scale for video in videos])
            directions, gains = style_of(means, model.config.style_rank)
            model.style_directions.copy_(torch.from_numpy(directions))
            model.style_gains.copy_(torch.from_numpy(gains))

    def loss(self, model: GsMoeHead, step: int) -> Tensor:
        batch = self.draw()
        return curve_loss(self.curve(model, batch[0], batch[1]), batch, self.splat_now(step))

    def curve(self, model: GsMoeHead, features: Tensor, present: Tensor) -> Tensor:
        return torch.sigmoid(model.coarse(model.encode(features, present)).squeeze(-1))


def calibrate(model: GsMoeHead, source: BagSource) -> None:
    """Sets the calibration of the coarse curve and of each expert from normal training videos."""
    model.eval()
    videos = source.normal[:: -(-len(source.normal) // MOST_CALIBRATION_VIDEOS)]
    logits = np.concatenate(
        [
            over_time(lambda f, p: model.raw_logits(model.encode(f, p)), source.features[i], model.window)
            for i in videos
        ]
    )
    for index in range(logits.shape[1]):
        centre, slope = alarm_map(logits[:, index])
        model.calibration_centre[index] = centre
        model.calibration_slope[index] = slope


class ExpertStage(_Stage):
    """Each expert on bags of its class and all normal bags; the coarse curve goes on beside them."""

    name = "experts"

    def __init__(self, source: BagSource, config: TrainConfig, steps: int, splatting: bool, by_class: bool) -> None:
        super().__init__(source, config, steps, splatting)
        self.by_class = by_class

    def begin(self, model: GsMoeHead) -> None:
        """Deals the abnormal videos to the experts: by class, or by cluster of what is abnormal in them."""
        names = list(model.experts)
        if self.by_class:
            owner = [names.index(self.source.videos[i].label) for i in self.source.abnormal]
        else:
            points = np.stack([self._hottest(model, i) for i in self.source.abnormal])
            owner = k_means(points, len(names), seed=0).tolist()
        self.memory = {"owner": [int(o) for o in owner]}

    def _hottest(self, model: GsMoeHead, index: int) -> np.ndarray:
        """What the encoder makes of a video's top-scored snippets, less what it makes of the rest: not the scene."""
        model.eval()
        features = self.source.features[index]
        hidden = over_time(model.encode, features, model.window)
        with torch.no_grad():
            curve = model.coarse(torch.from_numpy(hidden)).squeeze(-1).numpy()
        count = min(len(curve), len(curve) // 16 + 1)
        top = np.argsort(-curve, kind="stable")[:count]
        return hidden[top].mean(axis=0)

    def loss(self, model: GsMoeHead, step: int) -> Tensor:
        owner = np.array(self.memory["owner"])
        abnormal = np.array(self.source.abnormal)
        drawn = [int(self.source.random.choice(np.unique(owner))) for _ in range(self.config.batch)]
        batch = self.draw([abnormal[owner == expert] for expert in drawn])
        features, present, unknown, labels = batch
        scores = torch.sigmoid(model.raw_logits(model.encode(features, present)))
        splat = self.splat_now(step)
        loss = curve_loss(scores[..., 0], batch, self.splatting)
        normal = torch.arange(self.config.batch, 2 * self.config.batch)
        for expert in sorted(set(drawn)):
            own = torch.tensor([i for i, drawn_expert in enumerate(drawn) if drawn_expert == expert])
            # as many normal bags as abnormal ones: the sides weigh the same
            some = normal[torch.randperm(len(normal))[: len(own)]]
            rows = torch.cat([own, some])
            part = (features[rows], present[rows], unknown[rows], labels[rows])
            loss = loss + curve_loss(scores[rows][..., expert + 1], part, splat) * (len(own) / self.config.batch)
        return loss

    def before_evaluation(self, model: GsMoeHead) -> None:
        calibrate(model, self.source)

    def curve(self, model: GsMoeHead, features: Tensor, present: Tensor) -> Tensor:
        return model(features, present)


class GateStage(_Stage):
    """The gate alone, on calibrated experts."""

    name = "gate"

    def begin(self, model: GsMoeHead) -> None:
        calibrate(model, self.source)

    def trained(self, model: GsMoeHead):
        return [*model.gate.parameters(), model.gate_bias]

    def loss(self, model: GsMoeHead, step: int) -> Tensor:
        # frozen: without dropout, so that the gate learns on what it will see
        model.eval()
        batch = self.draw()
        with torch.no_grad():
            hidden = model.encode(batch[0], batch[1])
            calibrated = model.calibrated_logits(model.raw_logits(hidden))
        return curve_loss(model.mix(hidden, calibrated), batch, self.splatting)

    def curve(self, model: GsMoeHead, features: Tensor, present: Tensor) -> Tensor:
        return model(features, present)


def gs_moe_stages(source: BagSource, config: TrainConfig, splatting: bool, experts: bool, by_class: bool) -> list[_Stage]:
    """The schedule. Without experts the encoder gets all steps, so that variants are compared at equal length."""
    if not experts:
        return [EncoderStage(source, config, config.steps, splatting)]
    encoder, expert, gate = (max(1, round(share * config.steps)) for share in STAGE_SHARES)
    return [
        EncoderStage(source, config, encoder, splatting),
        ExpertStage(source, config, expert, splatting, by_class),
        GateStage(source, config, gate, splatting),
    ]

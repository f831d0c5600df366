"""GS-MoE as a causal student: encoder, a coarse curve, experts by class, a gate over calibrated experts.

After "Mixture of Experts Guided by Gaussian Splatters Matters" (ICCV 2025), whose encoder, experts and gate all look
into the future. What differs, and why:

* **Encoder.** UR-DMU's conv (kernel 3) and two attention blocks are kept in form: the conv is padded on the left only,
  attention sees the last `attention_window` snippets. Its memories are left out: they are trained by four more losses
  that the paper does not describe for this use.
* **Experts.** One a class, hidden - `expert_hidden` - 1, on the encoder's snippets. The printed widths (1024-d
  attention in each) would make 77 M parameters for 13 classes where 16 M are printed, so narrow experts are meant.
* **Calibration.** Scores of separately trained experts are not comparable. Each expert's logit z is mapped to
  slope (z - centre) so that its 99 % quantile over normal training snippets becomes 0 (probability one half) and the
  median becomes -ln 99: monotone, two numbers an expert, stored in the graph.
* **Gate.** Softmax weights over the calibrated logits of the coarse curve and of all experts; the weights come from a
  small network of encoder features and calibrated logits, added to those logits themselves, so that it begins as a
  smooth maximum. The paper's two cross-attentions over a whole video have no causal counterpart.
  The same loss (top-k and splatting) on all classes, experts and encoder frozen: the natural reading.
* **Standardising.** Features are shifted and scaled by mean and deviation of normal training snippets, in the graph:
  embeddings of different extractors have different ranges.
* **Scene.** With `style_rank` the directions in which normal videos differ from *each other* are turned down, in the
  graph (scene_style.py): the scene decides most of an embedding, and a head of few videos learns the scenes by heart.
  UR-DMU's normality memory does part of this; ours is fixed before training, looks at one snippet, and so adds neither
  delay nor window.
* **Known curve.** An extractor may bring a score of its own among its numbers (`known_channel`). Its mean over the last
  `known_window` snippets goes past the encoder to all that reads it, and before the gate as one calibrated curve more: what
  is known need not be learned again from few videos.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .channel_dropout import ChannelDropout
from .heads_attention import CausalLocalBlock
from .heads_mil import to_unit_length

KERNEL = 3
BLOCKS = 2
#: calibrated logits are held within this before the gate, so that one wild expert cannot drown the others
LOGIT_LIMIT = 12.0
#: nats by which the gate prefers the known curve before it has learned anything: the others speak where they are much surer
KNOWN_BIAS = 4.0


@dataclass(frozen=True)
class GsMoeConfig:
    """`dims` D of the extractor; `experts` names in order, none for a head without experts.

    hidden 128 and a window of 32 snippets cost two milliseconds a score on one core at 1024 numbers a snippet (65
    snippets are encoded anew for each). Dropout is not stated by the paper; UR-DMU's is 0.5. style_rank: directions of
    scene style that are turned down, 0 for none; at most D. known_channel: which of the D numbers is a score of the
    extractor's own, higher for anomalies.
    """

    dims: int
    hidden: int = 128
    attention_heads: int = 4
    attention_window: int = 32
    dropout: float = 0.5
    expert_hidden: int = 32
    experts: tuple[str, ...] = ()
    unit_length: bool = False
    style_rank: int = 0
    known_channel: int | None = None
    known_window: int = 4

    @property
    def knows(self) -> bool:
        """Whether there is a known curve."""
        return self.known_channel is not None

    @property
    def curves(self) -> int:
        """What the gate weighs: the coarse curve, each expert, and the known curve where there is one."""
        return 1 + len(self.experts) + self.knows


class GsMoeHead(nn.Module):
    kind = "gs-moe"

    def __init__(self, config: GsMoeConfig) -> None:
        super().__init__()
        self.config = config
        width, count = config.hidden, len(config.experts)
        seen = width + config.knows
        self.register_buffer("feature_mean", torch.zeros(config.dims))
        self.register_buffer("feature_scale", torch.ones(config.dims))
        if config.style_rank:
            self.register_buffer("style_directions", torch.zeros(config.dims, config.style_rank))
            self.register_buffer("style_gains", torch.ones(config.style_rank))
        self.embed = nn.Conv1d(config.dims, width, KERNEL)
        self.embed_dropout = ChannelDropout(config.dropout)
        self.blocks = nn.ModuleList(
            CausalLocalBlock(width, config.attention_heads, config.attention_window, config.dropout)
            for _ in range(BLOCKS)
        )
        self.after = nn.LayerNorm(width)
        self.coarse = nn.Sequential(nn.Linear(seen, 64), nn.GELU(), ChannelDropout(config.dropout), nn.Linear(64, 1))
        self.expert_heads = nn.ModuleList(
            nn.Sequential(
                nn.Linear(seen, config.expert_hidden),
                nn.GELU(),
                ChannelDropout(config.dropout),
                nn.Linear(config.expert_hidden, 1),
            )
            for _ in range(count)
        )
        # of the coarse curve first, then of each expert, then of the known curve
        self.register_buffer("calibration_centre", torch.zeros(config.curves))
        self.register_buffer("calibration_slope", torch.ones(config.curves))
        self.gate = nn.Sequential(nn.Linear(seen + config.curves, 32), nn.GELU(), nn.Linear(32, config.curves))
        self.gate_bias = nn.Parameter(torch.zeros(1))
        nn.init.zeros_(self.gate[2].weight)
        nn.init.zeros_(self.gate[2].bias)
        if config.knows:
            nn.init.constant_(self.gate[2].bias[-1:], KNOWN_BIAS)

    @property
    def experts(self) -> tuple[str, ...]:
        return self.config.experts

    @property
    def window(self) -> int:
        """Receptive field in snippets: the conv's two past ones and window - 1 for each block, and the newest; no less than the known curve's."""
        encoder = KERNEL + BLOCKS * (self.config.attention_window - 1)
        return max(encoder, self.config.known_window) if self.config.knows else encoder

    def encode(self, features: Tensor, present: Tensor, newest_only: bool = False) -> Tensor:
        """Task features [N, T, hidden] ([N, 1, hidden] if `newest_only`) of features [N, T, D], present [N, T].

        With a known curve it is one number more, the last.
        """
        if self.config.unit_length:
            features = to_unit_length(features)
        standard = (features - self.feature_mean) / self.feature_scale
        if self.config.style_rank:
            standard = standard - (standard @ self.style_directions * (1 - self.style_gains)) @ self.style_directions.T
        standard = standard * present[..., None]
        padded = nn.functional.pad(standard.transpose(1, 2), (KERNEL - 1, 0))
        hidden = self.embed_dropout(torch.relu(self.embed(padded)).transpose(1, 2))
        for index, block in enumerate(self.blocks):
            hidden = block(hidden, present, newest_only and index == BLOCKS - 1)
        hidden = self.after(hidden)
        if not self.config.knows:
            return hidden
        known = _trailing_mean(standard[..., self.config.known_channel], present, self.config.known_window)
        return torch.cat([hidden, known[:, -hidden.shape[1] :, None]], dim=-1)

    def raw_logits(self, hidden: Tensor) -> Tensor:
        """Uncalibrated logits [N, T, curves] of the coarse curve and of each expert; last the known curve."""
        curves = [head(hidden) for head in (self.coarse, *self.expert_heads)]
        return torch.cat([*curves, hidden[..., -1:]] if self.config.knows else curves, dim=-1)

    def calibrated_logits(self, raw: Tensor) -> Tensor:
        """Logits on one scale: 0 at each one's own alarm quantile over normal snippets."""
        mapped = (raw - self.calibration_centre) * self.calibration_slope
        return mapped.clamp(-LOGIT_LIMIT, LOGIT_LIMIT)

    def mix(self, hidden: Tensor, calibrated: Tensor) -> Tensor:
        """The gate: scores [N, T] in 0..1."""
        weights = torch.softmax(self.gate(torch.cat([hidden, calibrated], dim=-1)) + calibrated, dim=-1)
        return torch.sigmoid((weights * calibrated).sum(dim=-1) + self.gate_bias)

    def forward(self, features: Tensor, present: Tensor) -> Tensor:
        """Causal scores [N, T] in 0..1 of features [N, T, D], present [N, T]."""
        hidden = self.encode(features, present)
        return self._score(hidden)

    def newest(self, features: Tensor, present: Tensor) -> tuple[Tensor, Tensor | None]:
        """Score [N, 1] and calibrated experts [N, E] of the last snippet of a window [N, W, D]: the exported graph."""
        hidden = self.encode(features, present, newest_only=True)
        if not self.experts:
            return self._score(hidden), None
        calibrated = self.calibrated_logits(self.raw_logits(hidden))
        return self.mix(hidden, calibrated), torch.sigmoid(calibrated[:, 0, 1 : 1 + len(self.experts)])

    def _score(self, hidden: Tensor) -> Tensor:
        if not self.experts:
            return torch.sigmoid(self.coarse(hidden).squeeze(-1))
        return self.mix(hidden, self.calibrated_logits(self.raw_logits(hidden)))


def _trailing_mean(values: Tensor, present: Tensor, length: int) -> Tensor:
    """Mean [N, T] of the last `length` values [N, T] that are there (0 where none is)."""
    parts = torch.stack([values * present, present], dim=1)
    ones = torch.ones(2, 1, length, dtype=values.dtype, device=values.device)
    sums = nn.functional.conv1d(nn.functional.pad(parts, (length - 1, 0)), ones, groups=2)
    return sums[:, 0] / sums[:, 1].clamp(min=1)

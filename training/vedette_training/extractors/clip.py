"""CLIP with a vision transformer in PyTorch: picture tower and text tower.

Architecture: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021.
Module names are those of OpenAI's published archives, which are also the attribute paths inside them:

    visual.{class_embedding, positional_embedding, proj}, visual.conv1.weight, visual.{ln_pre, ln_post}.{weight, bias}
    [visual.]transformer.resblocks.N.{ln_1, ln_2}.{weight, bias}
    [visual.]transformer.resblocks.N.attn.{in_proj_weight, in_proj_bias}, …attn.out_proj.{weight, bias}
    [visual.]transformer.resblocks.N.mlp.{c_fc, c_proj}.{weight, bias}
    token_embedding.weight, positional_embedding, ln_final.{weight, bias}, text_projection, logit_scale
    input_resolution, context_length, vocab_size      (whole numbers; nothing here reads them)

Read off the code of openai/CLIP: names, shapes, QuickGELU, pre-normalisation, the class token, which weights are
float16 in the archives (convolution, linear layers, attention's projections, `proj`, `text_projection`) and which
float32 (the rest). Not seen by us: the archives themselves.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Dict, Sequence

import torch
from torch import Tensor, nn

VOCABULARY = 49408
CONTEXT_LENGTH = 77
LAYER_NORM_EPSILON = 1e-5
HEAD_WIDTH = 64
"""Channels of one attention head, in both towers and in all published sizes."""


@dataclass(frozen=True)
class ClipSize:
    """Sizes of both towers; pictures are square, `resolution` pixels wide."""

    patch: int
    resolution: int = 224
    width: int = 768
    layers: int = 12
    text_width: int = 512
    text_layers: int = 12
    embedding: int = 512

    @property
    def patches(self) -> int:
        return (self.resolution // self.patch) ** 2


VIT_B_16 = ClipSize(patch=16)
VIT_B_32 = ClipSize(patch=32)


def small(size: ClipSize) -> ClipSize:
    """Same names, few channels, for tests."""
    return replace(size, width=128, layers=2, text_width=64, text_layers=2, embedding=32)


class QuickGelu(nn.Module):
    """x * sigmoid(1.702 x): what CLIP was trained with; the exact GELU differs by up to 0.02."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


class Block(nn.Module):
    """Attention, then a perceptron of four times the width; each adds to what comes in, normalised first."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(width, width // HEAD_WIDTH)
        self.ln_1 = nn.LayerNorm(width, eps=LAYER_NORM_EPSILON)
        layers = [("c_fc", nn.Linear(width, 4 * width)), ("gelu", QuickGelu()), ("c_proj", nn.Linear(4 * width, width))]
        self.mlp = nn.Sequential(OrderedDict(layers))
        self.ln_2 = nn.LayerNorm(width, eps=LAYER_NORM_EPSILON)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        normal = self.ln_1(x)
        x = x + self.attn(normal, normal, normal, need_weights=False, attn_mask=mask)[0]
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    """Blocks in turn over [N, L, width]; `mask` [L, L] is added to attention's logits."""

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.resblocks = nn.ModuleList(Block(width) for _ in range(layers))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = x.transpose(0, 1)
        for block in self.resblocks:
            x = block(x, mask)
        return x.transpose(0, 1)


class VisionTower(nn.Module):
    """[N, 3, 224, 224], normalised by CLIP's mean and deviation, to [N, 512], not of length 1."""

    def __init__(self, size: ClipSize) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, size.width, size.patch, size.patch, bias=False)
        self.class_embedding = nn.Parameter(torch.zeros(size.width))
        self.positional_embedding = nn.Parameter(torch.zeros(size.patches + 1, size.width))
        self.ln_pre = nn.LayerNorm(size.width, eps=LAYER_NORM_EPSILON)
        self.transformer = Transformer(size.width, size.layers)
        self.ln_post = nn.LayerNorm(size.width, eps=LAYER_NORM_EPSILON)
        self.proj = nn.Parameter(torch.zeros(size.width, size.embedding))

    def forward(self, pictures: Tensor) -> Tensor:
        patches = self.conv1(pictures).flatten(2).transpose(1, 2)
        first = self.class_embedding.expand(patches.shape[0], 1, -1)
        x = self.ln_pre(torch.cat([first, patches], dim=1) + self.positional_embedding)
        x = self.transformer(x, torch.zeros(x.shape[1], x.shape[1]))
        return self.ln_post(x[:, 0]) @ self.proj


class Clip(nn.Module):
    """Both towers, with the attribute paths of OpenAI's archives."""

    def __init__(self, size: ClipSize) -> None:
        super().__init__()
        self.visual = VisionTower(size)
        self.transformer = Transformer(size.text_width, size.text_layers)
        self.token_embedding = nn.Embedding(VOCABULARY, size.text_width)
        self.positional_embedding = nn.Parameter(torch.zeros(CONTEXT_LENGTH, size.text_width))
        self.ln_final = nn.LayerNorm(size.text_width, eps=LAYER_NORM_EPSILON)
        self.text_projection = nn.Parameter(torch.zeros(size.text_width, size.embedding))
        self.logit_scale = nn.Parameter(torch.zeros([]))

    def encode_image(self, pictures: Tensor) -> Tensor:
        return self.visual(pictures)

    def encode_text(self, tokens: Tensor) -> Tensor:
        """Token ids [N, 77], padded with 0, to [N, 512]: read at the end token, which has the highest id."""
        x = self.token_embedding(tokens) + self.positional_embedding
        x = self.ln_final(self.transformer(x, causal_mask()))
        return x[torch.arange(x.shape[0]), tokens.argmax(dim=-1)] @ self.text_projection


def causal_mask() -> Tensor:
    """[77, 77]: minus infinity where a token would look at a later one."""
    return torch.full((CONTEXT_LENGTH, CONTEXT_LENGTH), float("-inf")).triu(1)


@lru_cache(maxsize=None)
def tower_shapes(size: ClipSize, tower: str) -> Dict[str, Sequence[int]]:
    """Name and shape of every tensor that a tower (`visual` or `text`) needs.

    The logit scale is not among them: it never enters an embedding, the manifest states its value.
    """
    state = Clip(size).state_dict()
    wanted = {name: value for name, value in state.items() if name.startswith("visual.") == (tower == "visual")}
    return {name: tuple(value.shape) for name, value in wanted.items() if name != "logit_scale"}

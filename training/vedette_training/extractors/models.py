"""The extractors by id: their towers, the shapes of their weights, their graphs and their PyTorch reference."""

from dataclasses import dataclass
from typing import Callable, Dict, Mapping, Sequence, Tuple

import numpy
import torch
from torch import nn

from vedette_training.extractors import clip, i3d
from vedette_training.extractors.clip_graph import clip_text_graph, clip_visual_graph
from vedette_training.extractors.i3d_graph import i3d_graph
from vedette_training.extractors.layout import WeightsLayout, lay_out

Shapes = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Tower:
    """One graph with its weights file. `stem` begins the names of its three files."""

    stem: str
    shapes: Callable[[], Shapes]
    graph: Callable[[WeightsLayout, str], bytes]
    reference: Callable[[nn.Module, torch.Tensor], torch.Tensor]
    """What PyTorch makes of the graph's input [N, ...]."""
    input_shape: Tuple[int, ...]
    input_type: str = "float32"

    @property
    def graph_file(self) -> str:
        return f"{self.stem}.onnx"

    @property
    def tensors_file(self) -> str:
        return f"{self.stem}.tensors.json"

    @property
    def weights_file(self) -> str:
        return f"{self.stem}.weights"

    def layout(self) -> WeightsLayout:
        return lay_out(self.shapes())

    def graph_bytes(self) -> bytes:
        return self.graph(self.layout(), self.weights_file)


@dataclass(frozen=True)
class Model:
    """A pack's network; `extra` are tensors that its checkpoints hold and no graph needs."""

    id: str
    module: Callable[[], nn.Module]
    towers: Mapping[str, Tower]
    extra: Shapes

    def checkpoint_shapes(self) -> Shapes:
        """Everything that a published checkpoint holds, whole numbers aside."""
        needed = {name: shape for tower in self.towers.values() for name, shape in tower.shapes().items()}
        return {**needed, **self.extra}

    def load(self, state: Mapping[str, numpy.ndarray]) -> nn.Module:
        """The reference module with these weights, ready for inference. Raises KeyError where one is missing."""
        module = self.module().eval()
        own = module.state_dict()
        counters = {name for name in own if name.endswith("num_batches_tracked")}
        module.load_state_dict({name: own[name] if name in counters else _tensor(state[name]) for name in own})
        return module


def _tensor(value: numpy.ndarray) -> torch.Tensor:
    return torch.from_numpy(numpy.array(value, dtype=numpy.float32))


def _i3d_model(size: i3d.I3dSize) -> Model:
    features = size.channels(i3d.FEATURES)
    visual = Tower(
        stem="i3d-rgb",
        shapes=lambda: i3d.feature_shapes(size),
        graph=lambda layout, weights: i3d_graph(layout, weights, size),
        reference=lambda module, frames: module(frames),
        input_shape=(3, size.frames, size.height, size.width),
    )
    logits = {
        "logits.conv3d.weight": (i3d.KINETICS_CLASSES, features, 1, 1, 1),
        "logits.conv3d.bias": (i3d.KINETICS_CLASSES,),
    }
    return Model("i3d-rgb", lambda: i3d.I3d(size), {"visual": visual}, logits)


def _clip_model(model_id: str, size: clip.ClipSize) -> Model:
    visual = Tower(
        stem=model_id,
        shapes=lambda: clip.tower_shapes(size, "visual"),
        graph=lambda layout, weights: clip_visual_graph(layout, weights, model_id, size),
        reference=lambda module, frames: module.encode_image(frames[:, 0]),
        input_shape=(1, 3, size.resolution, size.resolution),
    )
    text = Tower(
        stem=f"{model_id}-text",
        shapes=lambda: clip.tower_shapes(size, "text"),
        graph=lambda layout, weights: clip_text_graph(layout, weights, f"{model_id}-text", size),
        reference=lambda module, tokens: module.encode_text(tokens),
        input_shape=(clip.CONTEXT_LENGTH,),
        input_type="int64",
    )
    return Model(model_id, lambda: clip.Clip(size), {"visual": visual, "text": text}, {"logit_scale": ()})


MODELS: Dict[str, Model] = {
    "i3d-rgb": _i3d_model(i3d.PUBLISHED),
    "clip-vit-b16": _clip_model("clip-vit-b16", clip.VIT_B_16),
    "clip-vit-b32": _clip_model("clip-vit-b32", clip.VIT_B_32),
}

SMALL_MODELS: Dict[str, Model] = {
    "i3d-rgb": _i3d_model(i3d.SMALL),
    "clip-vit-b16": _clip_model("clip-vit-b16", clip.small(clip.VIT_B_16)),
    "clip-vit-b32": _clip_model("clip-vit-b32", clip.small(clip.VIT_B_32)),
}
"""The same names and layers with few channels, for tests of everything around the networks."""

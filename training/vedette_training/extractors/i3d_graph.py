"""The I3D graph: [N, 3, T, H, W] in [-1, 1] to [N, 1024]."""

from typing import List, Sequence

from onnx import TensorProto

from vedette_training.extractors.graph import GraphBuilder
from vedette_training.extractors.i3d import (
    BATCH_NORM_EPSILON,
    LAYERS,
    ONE,
    PUBLISHED,
    THREE,
    ConvolutionLayer,
    I3dSize,
    PoolLayer,
)
from vedette_training.extractors.layout import WeightsLayout
from vedette_training.extractors.same_padding import onnx_pads, same_output


class _Places:
    """Writes layers and keeps track of the size [T, H, W] that "SAME" padding depends on."""

    def __init__(self, builder: GraphBuilder, shape: Sequence[int]) -> None:
        self.builder = builder
        self.shape: List[int] = list(shape)

    def unit(self, name: str, x: str, kernel: Sequence[int], stride: Sequence[int]) -> str:
        weights = self.builder.weight
        pads = onnx_pads(self.shape, kernel, stride)
        shape = {"kernel_shape": kernel, "strides": stride, "pads": pads}
        x = self.builder.node("Conv", [x, weights(f"{name}.conv3d.weight")], f"{name}/conv", **shape)
        parameters = [weights(f"{name}.bn.{part}") for part in ("weight", "bias", "running_mean", "running_var")]
        x = self.builder.node("BatchNormalization", [x, *parameters], f"{name}/bn", epsilon=BATCH_NORM_EPSILON)
        return self.builder.node("Relu", [x], f"{name}/relu")

    def pool(self, name: str, x: str, kernel: Sequence[int], stride: Sequence[int]) -> str:
        # ONNX pads a maximum with minus infinity, the checkpoint's code with zeros: the same behind a ReLU
        pads = onnx_pads(self.shape, kernel, stride)
        return self.builder.node("MaxPool", [x], f"{name}/pool", kernel_shape=kernel, strides=stride, pads=pads)

    def shrink(self, stride: Sequence[int]) -> None:
        self.shape = [same_output(*pair) for pair in zip(self.shape, stride)]

    def mixed(self, name: str, x: str) -> str:
        branches = [
            self.unit(f"{name}.b0", x, ONE, ONE),
            self.unit(f"{name}.b1b", self.unit(f"{name}.b1a", x, ONE, ONE), THREE, ONE),
            self.unit(f"{name}.b2b", self.unit(f"{name}.b2a", x, ONE, ONE), THREE, ONE),
            self.unit(f"{name}.b3b", self.pool(f"{name}.b3a", x, THREE, ONE), ONE, ONE),
        ]
        return self.builder.node("Concat", branches, f"{name}/concat", axis=1)


def i3d_graph(layout: WeightsLayout, weights_file: str, size: I3dSize = PUBLISHED) -> bytes:
    """ONNX bytes; initializers are those of `layout`, in `weights_file`."""
    builder = GraphBuilder("i3d-rgb", layout, weights_file)
    shape = (size.frames, size.height, size.width)
    places = _Places(builder, shape)
    x = "frames"
    for layer in LAYERS:
        if isinstance(layer, ConvolutionLayer):
            x = places.unit(layer.name, x, layer.kernel, layer.stride)
            places.shrink(layer.stride)
        elif isinstance(layer, PoolLayer):
            x = places.pool(layer.name, x, layer.kernel, layer.stride)
            places.shrink(layer.stride)
        else:
            x = places.mixed(layer.name, x)
    x = builder.node("GlobalAveragePool", [x], "average")
    builder.node("Flatten", [x], "embedding", axis=1)
    return builder.build(
        ("frames", TensorProto.FLOAT, (3, *shape)),
        ("embedding", TensorProto.FLOAT, (size.channels(1024),)),
        "Inception-v1 I3D, RGB: average of Mixed_5c. Weights: see pack.json.",
    )

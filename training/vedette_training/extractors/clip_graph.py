"""CLIP's two graphs: pictures [N, 1, 3, 224, 224] to [N, 512], token ids [N, 77] to [N, 512]."""

import numpy
from onnx import TensorProto

from vedette_training.extractors.clip import CONTEXT_LENGTH, HEAD_WIDTH, LAYER_NORM_EPSILON, ClipSize, causal_mask
from vedette_training.extractors.graph import GraphBuilder
from vedette_training.extractors.layout import WeightsLayout


class _Tower:
    """Writes the parts that both towers share. Tokens are rows of a matrix [N * length, width] between the parts,
    so that every linear layer is one Gemm which takes the checkpoint's [out, in] weight as it is."""

    def __init__(self, builder: GraphBuilder, width: int, length: int) -> None:
        self.builder = builder
        self.width = width
        self.length = length

    def normalise(self, name: str, x: str) -> str:
        weights = [self.builder.weight(f"{name}.{part}") for part in ("weight", "bias")]
        return self.builder.node("LayerNormalization", [x, *weights], f"{name}/norm", epsilon=LAYER_NORM_EPSILON)

    def linear(self, name: str, x: str, weight: str, bias: str) -> str:
        weights = [self.builder.weight(weight), self.builder.weight(bias)]
        return self.builder.node("Gemm", [x, *weights], name, transB=1)

    def quick_gelu(self, name: str, x: str) -> str:
        scale = self.builder.constant("quick_gelu_scale", numpy.array(1.702, dtype=numpy.float32))
        scaled = self.builder.node("Mul", [x, scale], f"{name}/scaled")
        gate = self.builder.node("Sigmoid", [scaled], f"{name}/gate")
        return self.builder.node("Mul", [x, gate], f"{name}/gelu")

    def attention(self, name: str, x: str, mask: "str | None") -> str:
        builder, heads = self.builder, self.width // HEAD_WIDTH
        x = self.linear(f"{name}/qkv", x, f"{name}.in_proj_weight", f"{name}.in_proj_bias")
        shape = builder.integers(-1, self.length, 3, heads, HEAD_WIDTH)
        x = builder.node("Reshape", [x, shape], f"{name}/heads")
        x = builder.node("Transpose", [x], f"{name}/by_head", perm=[2, 0, 3, 1, 4])
        parts = [
            builder.node("Squeeze", [part, builder.integers(0)], part.replace("part", "matrix"))
            for part in builder.split(x, [f"{name}/{part}_part" for part in ("query", "key", "value")], axis=0)
        ]
        query, key, value = parts
        scale = builder.constant("attention_scale", numpy.array(HEAD_WIDTH**-0.5, dtype=numpy.float32))
        query = builder.node("Mul", [query, scale], f"{name}/query")
        key = builder.node("Transpose", [key], f"{name}/key", perm=[0, 1, 3, 2])
        x = builder.node("MatMul", [query, key], f"{name}/logits")
        if mask is not None:
            x = builder.node("Add", [x, mask], f"{name}/masked")
        x = builder.node("Softmax", [x], f"{name}/attention", axis=-1)
        x = builder.node("MatMul", [x, value], f"{name}/read")
        x = builder.node("Transpose", [x], f"{name}/by_token", perm=[0, 2, 1, 3])
        x = builder.node("Reshape", [x, builder.integers(-1, self.width)], f"{name}/rows")
        return self.linear(f"{name}/out", x, f"{name}.out_proj.weight", f"{name}.out_proj.bias")

    def block(self, name: str, x: str, mask: "str | None") -> str:
        attention = self.attention(f"{name}.attn", self.normalise(f"{name}.ln_1", x), mask)
        x = self.builder.node("Add", [x, attention], f"{name}/attended")
        mlp = f"{name}.mlp"
        wide = self.linear(
            f"{mlp}/wide", self.normalise(f"{name}.ln_2", x), f"{mlp}.c_fc.weight", f"{mlp}.c_fc.bias"
        )
        thin = self.linear(f"{mlp}/thin", self.quick_gelu(mlp, wide), f"{mlp}.c_proj.weight", f"{mlp}.c_proj.bias")
        return self.builder.node("Add", [x, thin], f"{name}/added")


def clip_visual_graph(layout: WeightsLayout, weights_file: str, name: str, size: ClipSize) -> bytes:
    """ONNX bytes of the picture tower; the second dimension is the one frame of a segment."""
    builder = GraphBuilder(name, layout, weights_file)
    side, width, patches = size.resolution, size.width, size.patches
    tower = _Tower(builder, width, patches + 1)
    x = builder.node("Reshape", ["frames", builder.integers(-1, 3, side, side)], "pictures")
    stride = [size.patch, size.patch]
    x = builder.node("Conv", [x, builder.weight("visual.conv1.weight")], "conv1", kernel_shape=stride, strides=stride)
    x = builder.node("Reshape", [x, builder.integers(0, width, patches)], "channels_by_patch")
    x = builder.node("Transpose", [x], "patches_by_channel", perm=[0, 2, 1])
    # The class token without the batch in its shape: a free row of zeros in front of the patches, to which class and
    # position embedding are added together. Both terms of the second sum are weights, so the runtime folds them.
    x = builder.node("Pad", [x, builder.integers(0, 1, 0, 0, 0, 0)], "room_for_class")
    first = builder.node("Unsqueeze", ["visual.class_embedding", builder.integers(0)], "class_row")
    first = builder.node("Pad", [first, builder.integers(0, 0, patches, 0)], "class_rows")
    places = builder.node("Add", [first, builder.weight("visual.positional_embedding")], "class_and_places")
    x = builder.node("Add", [x, places], "tokens")
    x = tower.normalise("visual.ln_pre", builder.node("Reshape", [x, builder.integers(-1, width)], "rows"))
    for index in range(size.layers):
        x = tower.block(f"visual.transformer.resblocks.{index}", x, None)
    x = builder.node("Reshape", [x, builder.integers(-1, patches + 1, width)], "rows_by_picture")
    x = builder.node("Gather", [x, builder.constant("class_token", numpy.array(0, dtype=numpy.int64))], "class", axis=1)
    x = tower.normalise("visual.ln_post", x)
    builder.node("MatMul", [x, builder.weight("visual.proj")], "embedding")
    return builder.build(
        ("frames", TensorProto.FLOAT, (1, 3, side, side)),
        ("embedding", TensorProto.FLOAT, (size.embedding,)),
        "CLIP, picture tower. Weights: see pack.json.",
    )


def clip_text_graph(layout: WeightsLayout, weights_file: str, name: str, size: ClipSize) -> bytes:
    """ONNX bytes of the text tower; only the end token's row goes through the last normalisation and projection."""
    builder = GraphBuilder(name, layout, weights_file)
    width = size.text_width
    tower = _Tower(builder, width, CONTEXT_LENGTH)
    mask = builder.constant("causal_mask", causal_mask().numpy())
    x = builder.node("Gather", [builder.weight("token_embedding.weight"), "tokens"], "embedded")
    x = builder.node("Add", [x, builder.weight("positional_embedding")], "placed")
    x = builder.node("Reshape", [x, builder.integers(-1, width)], "rows")
    for index in range(size.text_layers):
        x = tower.block(f"transformer.resblocks.{index}", x, mask)
    x = builder.node("Reshape", [x, builder.integers(-1, CONTEXT_LENGTH, width)], "rows_by_text")
    # ids fit int32, for which every provider has an ArgMax
    ids = builder.node("Cast", ["tokens"], "ids", to=TensorProto.INT32)
    end = builder.node("ArgMax", [ids], "end", axis=1, keepdims=1)
    x = builder.node("GatherND", [x, end], "end_row", batch_dims=1)
    x = tower.normalise("ln_final", x)
    builder.node("MatMul", [x, builder.weight("text_projection")], "embedding")
    return builder.build(
        ("tokens", TensorProto.INT64, (CONTEXT_LENGTH,)),
        ("embedding", TensorProto.FLOAT, (size.embedding,)),
        "CLIP, text tower. Weights: see pack.json.",
    )

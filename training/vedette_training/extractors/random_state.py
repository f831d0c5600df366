"""Random weights of a scale at which activations neither die nor explode, so that parity means something."""

from math import prod
from typing import Dict, Mapping, Sequence

import numpy


def random_state(shapes: Mapping[str, Sequence[int]], seed: int) -> Dict[str, numpy.ndarray]:
    """A float32 array for each name and shape; the same for the same seed."""
    random = numpy.random.Generator(numpy.random.PCG64(seed))
    indices = [int(name.split("resblocks.")[1].split(".")[0]) for name in shapes if "resblocks." in name]
    blocks = 1 + max(indices, default=0)
    return {name: _values(random, name, tuple(shape), blocks) for name, shape in shapes.items()}


def _values(random: numpy.random.Generator, name: str, shape: Sequence[int], blocks: int) -> numpy.ndarray:
    def normal(scale: float, around: float = 0.0) -> numpy.ndarray:
        values = random.standard_normal(shape, dtype=numpy.float32)
        return numpy.asarray(values * numpy.float32(scale) + numpy.float32(around), dtype=numpy.float32)

    if name == "logit_scale":
        return numpy.array(numpy.log(100.0), dtype=numpy.float32)
    if name.endswith("running_var"):
        return random.uniform(0.5, 1.5, shape).astype(numpy.float32)
    if name.endswith("bias") or name.endswith("running_mean"):
        return normal(0.1)
    if len(shape) == 1 and name.endswith(".weight"):
        return normal(0.1, around=1.0)
    if name.endswith("conv3d.weight"):
        return normal((2.0 / prod(shape[1:])) ** 0.5)
    if "token_embedding" in name or "positional_embedding" in name or "class_embedding" in name:
        return normal(0.5)
    if name.endswith("proj") or name.endswith("text_projection"):
        return normal(shape[0] ** -0.5)
    scale = prod(shape[1:]) ** -0.5
    # what adds to the residual stream is damped by depth, as in the published initialisation
    return normal(scale * (2 * blocks) ** -0.5 if "out_proj" in name or "c_proj" in name else scale)

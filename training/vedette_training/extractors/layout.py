"""Where each tensor lies in a weights file: `ID.tensors.json`, which the graph's initializers point to."""

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import List, Mapping, Sequence, Tuple

import numpy

ALIGNMENT = 64
"""Bytes. Each tensor begins at a multiple of it, the gaps are zero."""
FLOAT_BYTES = 4


@dataclass(frozen=True)
class PlacedTensor:
    """One float32 tensor of the weights file, little endian, as the checkpoint has it: never transposed."""

    name: str
    shape: Tuple[int, ...]
    offset: int
    size_bytes: int


@dataclass(frozen=True)
class WeightsLayout:
    """All tensors of a weights file, by ascending offset."""

    tensors: Tuple[PlacedTensor, ...]
    size_bytes: int

    def to_json(self) -> str:
        """Text of `ID.tensors.json`, a tensor a line."""
        rows: List[str] = []
        for tensor in self.tensors:
            row = {
                "name": tensor.name,
                "shape": list(tensor.shape),
                "offset": tensor.offset,
                "bytes": tensor.size_bytes,
            }
            rows.append("    " + json.dumps(row))
        return f'{{\n  "sizeBytes": {self.size_bytes},\n  "tensors": [\n' + ",\n".join(rows) + "\n  ]\n}\n"


def lay_out(shapes: Mapping[str, Sequence[int]]) -> WeightsLayout:
    """Places the tensors one behind the other, in the order given."""
    placed: List[PlacedTensor] = []
    offset = 0
    for name, shape in shapes.items():
        size_bytes = prod(shape) * FLOAT_BYTES
        placed.append(PlacedTensor(name, tuple(shape), offset, size_bytes))
        offset += -(-size_bytes // ALIGNMENT) * ALIGNMENT
    last = placed[-1]
    return WeightsLayout(tuple(placed), last.offset + last.size_bytes)


def write_weights(layout: WeightsLayout, state: Mapping[str, numpy.ndarray], path: Path) -> None:
    """Writes the weights file of a state dict, as `vedette models pull` does without Python.

    Raises KeyError for a tensor that the state lacks, ValueError for one of another shape.
    """
    with open(path, "wb") as file:
        for tensor in layout.tensors:
            value = state[tensor.name]
            if tuple(value.shape) != tensor.shape:
                raise ValueError(f"{tensor.name} is {tuple(value.shape)}, the graph needs {tensor.shape}")
            file.write(b"\0" * (tensor.offset - file.tell()))
            file.write(numpy.ascontiguousarray(value, dtype="<f4").tobytes())

"""Checkpoints of true format: what PyTorch 0.3 to 1.5, PyTorch from 1.6 on, TorchScript and safetensors write."""

import json
import pickle
import struct
from collections import OrderedDict
from math import prod
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Dict, Mapping, Sequence, Tuple

import numpy
import torch
from torch import nn

State = Mapping[str, numpy.ndarray]

FLOAT32_IN_CLIP = ("embedding", "ln_", "logit_scale")
"""Parts of names that OpenAI's archives keep in float32; all other tensors of CLIP are float16 there."""


def clip_precision(state: State) -> Dict[str, numpy.ndarray]:
    """The types in which OpenAI's archives hold CLIP's tensors."""
    return {
        name: value if any(part in name for part in FLOAT32_IN_CLIP) else value.astype(numpy.float16)
        for name, value in state.items()
    }


def write_torch_legacy(state: State, path: Path) -> None:
    """The format before PyTorch 1.6: a row of pickles, then the raw storages."""
    torch.save(_tensors(state), path, _use_new_zipfile_serialization=False)


def write_torch_03(state: State, path: Path) -> None:
    """As PyTorch 0.3 wrote it: the same row of pickles, tensors rebuilt by `torch._utils._rebuild_tensor`."""

    class Pickler(pickle.Pickler):
        def reducer_override(self, value: Any) -> Any:
            if not isinstance(value, torch.Tensor):
                return NotImplemented
            where = (value.storage(), value.storage_offset(), tuple(value.size()), value.stride())
            return torch._utils._rebuild_tensor, where

    module = ModuleType("pickle")
    module.Pickler, module.dump = Pickler, pickle.dump  # type: ignore[attr-defined]
    torch.save(_tensors(state), path, pickle_module=module, _use_new_zipfile_serialization=False)


def write_torch_zip(state: State, path: Path) -> None:
    """The format from PyTorch 1.6 on: `data.pkl` and `data/N` in a zip that is not compressed."""
    torch.save(_tensors(state), path)


class _Holder(nn.Module):
    """A module with tensors and submodules and nothing to compute."""


def write_torchscript(state: State, path: Path) -> None:
    """A TorchScript archive whose attribute paths are the names, as OpenAI's are."""
    root = _Holder()
    for name, value in _tensors(state).items():
        *folders, last = name.split(".")
        holder: nn.Module = root
        for folder in folders:
            if folder not in holder._modules:
                holder.add_module(folder, _Holder())
            holder = holder.get_submodule(folder)
        if value.is_floating_point():
            holder.register_parameter(last, nn.Parameter(value))
        else:
            holder.register_buffer(last, value)
    torch.jit.save(torch.jit.script(root.eval()), str(path))


SAFETENSORS_TYPES = {"float32": "F32", "float16": "F16", "float64": "F64", "int64": "I64"}


def write_safetensors(state: State, path: Path) -> None:
    """Length of the header (8 bytes, little endian), header, raw tensors in the order of their names."""
    text = safetensors_header({name: (value.dtype.name, value.shape) for name, value in state.items()})
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(state):
            file.write(numpy.ascontiguousarray(state[name]).tobytes())


def safetensors_header(tensors: Mapping[str, Tuple[str, Sequence[int]]]) -> bytes:
    """JSON by sorted name, padded with spaces to 8 bytes. `tensors` are NumPy's type and the shape by name."""
    header: Dict[str, Any] = {}
    offset = 0
    for name in sorted(tensors):
        type_name, shape = tensors[name]
        end = offset + prod(shape) * numpy.dtype(type_name).itemsize
        header[name] = {"dtype": SAFETENSORS_TYPES[type_name], "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    return text + b" " * (-len(text) % 8)


WRITERS: Dict[str, Callable[[State, Path], None]] = {
    "torch-0.3": write_torch_03,
    "torch-legacy": write_torch_legacy,
    "torch-zip": write_torch_zip,
    "torchscript": write_torchscript,
    "safetensors": write_safetensors,
}


def read_checkpoint(path: Path) -> Dict[str, numpy.ndarray]:
    """Tensors of a checkpoint by name, in their own types. For files from a trusted source only: PyTorch's reader
    of TorchScript runs what it reads; state dicts are read without running anything."""
    with open(path, "rb") as file:
        start = file.read(9)
    if start[8:9] == b"{" and not start.startswith(b"PK"):
        return _read_safetensors(path)
    try:
        state = torch.jit.load(str(path), map_location="cpu").state_dict()
    except RuntimeError:
        state = torch.load(path, map_location="cpu", weights_only=True)
    return {name: value.detach().numpy() for name, value in state.items()}


def _read_safetensors(path: Path) -> Dict[str, numpy.ndarray]:
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    types = {written: name for name, written in SAFETENSORS_TYPES.items()}
    state: Dict[str, numpy.ndarray] = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name == "__metadata__":
            continue
        first, end = (8 + length + offset for offset in entry["data_offsets"])
        state[name] = numpy.frombuffer(data[first:end], dtype=types[entry["dtype"]]).reshape(entry["shape"])
    return state


def _tensors(state: State) -> "OrderedDict[str, torch.Tensor]":
    return OrderedDict((name, torch.from_numpy(numpy.array(value))) for name, value in state.items())

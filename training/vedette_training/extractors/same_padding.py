"""Padding "SAME" as TensorFlow means it: the output has ceil(size / stride) places, an odd rest goes to the end."""

from typing import List, Sequence, Tuple


def same_padding(size: int, kernel: int, stride: int) -> Tuple[int, int]:
    """Zeros before and after one dimension of `size` places.

    PyTorch's own integer padding is the same on both sides and so is off by one place wherever the total is odd,
    which it is at every stride-2 layer of I3D with an even input: 7 wide over 224 needs 2 before and 3 after.
    """
    places = -(-size // stride)
    total = max((places - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def same_output(size: int, stride: int) -> int:
    """Places of the output of a layer padded "SAME"."""
    return -(-size // stride)


def onnx_pads(shape: Sequence[int], kernel: Sequence[int], stride: Sequence[int]) -> List[int]:
    """`pads` attribute of ONNX: all the beginnings, then all the ends."""
    pairs = [same_padding(*dimension) for dimension in zip(shape, kernel, stride)]
    return [before for before, _ in pairs] + [after for _, after in pairs]


def torch_pads(shape: Sequence[int], kernel: Sequence[int], stride: Sequence[int]) -> List[int]:
    """Argument of torch.nn.functional.pad: pairs, the last dimension first."""
    pairs = [same_padding(*dimension) for dimension in zip(shape, kernel, stride)]
    return [value for pair in reversed(pairs) for value in pair]

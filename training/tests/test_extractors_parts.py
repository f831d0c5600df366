"""The networks' parts against numbers from outside: published parameter counts, paddings worked out by hand."""

from math import exp, prod

import numpy
import pytest
import torch

from vedette_training.extractors import clip, i3d
from vedette_training.extractors.models import MODELS
from vedette_training.extractors.same_padding import onnx_pads, same_padding, torch_pads


def trained(shapes):
    return sum(prod(shape) for name, shape in shapes.items() if ".running_" not in name)


def test_i3d_has_the_published_number_of_parameters():
    # 12.3 million without the logits; with the 400 classes of Kinetics 12,697,264
    features = trained(MODELS["i3d-rgb"].towers["visual"].shapes())
    assert features == 12_287_264
    assert features + sum(prod(shape) for shape in MODELS["i3d-rgb"].extra.values()) == 12_697_264


@pytest.mark.parametrize(("model", "visual"), [("clip-vit-b16", 86_192_640), ("clip-vit-b32", 87_849_216)])
def test_clip_has_the_published_number_of_parameters(model, visual):
    towers = MODELS[model].towers
    assert trained(towers["visual"].shapes()) == visual
    # 63,428,097 with the logit scale, which no graph needs
    assert trained(towers["text"].shapes()) == 63_428_096
    assert set(MODELS[model].extra) == {"logit_scale"}


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "expected"),
    [
        (224, 7, 2, (2, 3)),  # 112 places: 111 * 2 + 7 - 224 = 5
        (16, 7, 2, (2, 3)),
        (112, 3, 2, (0, 1)),  # 56 places: 55 * 2 + 3 - 112 = 1
        (15, 3, 2, (1, 1)),  # 8 places: 7 * 2 + 3 - 15 = 2
        (28, 3, 1, (1, 1)),
        (14, 2, 2, (0, 0)),
        (7, 1, 1, (0, 0)),
        (5, 1, 2, (0, 0)),  # a kernel narrower than its stride needs nothing
    ],
)
def test_same_padding_is_tensorflows(size, kernel, stride, expected):
    assert same_padding(size, kernel, stride) == expected


def test_paddings_are_in_the_order_of_each_library():
    shape, kernel, stride = (16, 112, 15), (1, 3, 3), (1, 2, 2)
    assert onnx_pads(shape, kernel, stride) == [0, 0, 1, 0, 1, 1]
    assert torch_pads(shape, kernel, stride) == [1, 1, 0, 1, 0, 0]


def test_an_uneven_padding_goes_to_the_end():
    # One row of 1, 2, 3, 4 under a kernel 1, 10, 100 with stride 2. "SAME" has one zero, behind the 4:
    # 1 + 20 + 300 = 321 and 3 + 40 + 0 = 43. A zero on either side, as PyTorch pads, would give 210 and 432.
    unit = i3d.Unit3d(1, 1, (1, 1, 3), (1, 1, 2)).eval()
    with torch.no_grad():
        unit.conv3d.weight.copy_(torch.tensor([1.0, 10.0, 100.0]).reshape(1, 1, 1, 1, 3))
        values = unit(torch.tensor([1.0, 2.0, 3.0, 4.0]).reshape(1, 1, 1, 1, 4))
    # batch normalisation with mean 0, variance 1 only divides by the root of 1 + eps
    numpy.testing.assert_allclose(values.flatten().numpy() * 1.001**0.5, [321, 43], rtol=1e-6)


def test_quick_gelu_is_not_the_exact_one():
    x = torch.tensor([-2.0, -1.0, 0.0, 1.0, 2.0], dtype=torch.float64)
    expected = [value / (1 + exp(-1.702 * value)) for value in x.tolist()]
    quick = clip.QuickGelu()(x)
    numpy.testing.assert_allclose(quick.numpy(), expected, rtol=1e-12)
    assert float((quick - torch.nn.functional.gelu(x)).abs().max()) > 0.01


def test_a_token_looks_at_none_that_follows():
    mask = clip.causal_mask()
    assert mask.shape == (77, 77)
    assert torch.isinf(mask[3, 4:]).all() and (mask[3, :4] == 0).all()


def test_i3d_ends_at_two_by_seven_by_seven_places():
    # what makes the mean over all places the published average with its kernel of 2 x 7 x 7
    shape = [16, 224, 224]
    for layer in i3d.LAYERS:
        stride = getattr(layer, "stride", (1, 1, 1))
        shape = [-(-size // step) for size, step in zip(shape, stride)]
    assert shape == [2, 7, 7]

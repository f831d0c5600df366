"""ONNX Runtime's features equal PyTorch's, on random weights of true shapes."""

import numpy
import pytest
import torch
from extractors_support import run_by_onnx_runtime

from vedette_training.extractors.clip import VOCABULARY
from vedette_training.extractors.models import MODELS, SMALL_MODELS
from vedette_training.extractors.random_state import random_state
from vedette_training.extractors.reference import random_checkpoint, random_input, reference_features

TOLERANCE = 1e-4
"""Of the largest feature."""


def assert_same(actual, expected):
    assert actual.shape == expected.shape
    assert numpy.isfinite(expected).all() and expected.std() > 0.1, "the random weights let the features die"
    assert numpy.abs(actual - expected).max() <= TOLERANCE * numpy.abs(expected).max()


@pytest.mark.parametrize(
    ("model", "tower"),
    [
        ("i3d-rgb", "visual"),
        ("clip-vit-b16", "visual"),
        ("clip-vit-b16", "text"),
        ("clip-vit-b32", "visual"),
        ("clip-vit-b32", "text"),
    ],
)
def test_small_networks_agree_for_a_batch(model, tower, tmp_path):
    small = SMALL_MODELS[model]
    state = random_checkpoint(small, seed=1)
    values = random_input(small.towers[tower], batch=3, seed=2)
    expected = reference_features(small, tower, state, values)
    assert_same(run_by_onnx_runtime(small.towers[tower], state, values, tmp_path), expected)


@pytest.mark.parametrize("model", ["i3d-rgb", "clip-vit-b32"])
def test_networks_of_published_size_agree(model, tmp_path):
    full = MODELS[model]
    state = random_state(full.checkpoint_shapes(), seed=3)
    module = full.load(state)
    for tower in full.towers.values():
        values = random_input(tower, batch=1, seed=4)
        with torch.no_grad():
            expected = tower.reference(module, torch.from_numpy(values)).numpy()
        assert_same(run_by_onnx_runtime(tower, state, values, tmp_path), expected)


def test_what_stands_behind_the_end_token_does_not_matter(tmp_path):
    small = SMALL_MODELS["clip-vit-b32"]
    state = random_checkpoint(small, seed=5)
    tokens = numpy.zeros((2, 77), dtype=numpy.int64)
    tokens[:, :4] = [VOCABULARY - 2, 320, 1125, VOCABULARY - 1]
    tokens[1, 4:] = 999
    features = run_by_onnx_runtime(small.towers["text"], state, tokens, tmp_path)
    numpy.testing.assert_allclose(features[1], features[0], atol=1e-5)

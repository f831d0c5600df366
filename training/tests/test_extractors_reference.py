"""The reference tool, as the tests of `vedette models pull` call it."""

import sys

import numpy
import pytest

from vedette_training.extractors import reference
from vedette_training.extractors.layout import write_weights
from vedette_training.extractors.models import SMALL_MODELS
from vedette_training.extractors.reference import random_checkpoint, reference_features


@pytest.fixture
def call(monkeypatch):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["reference", *(str(argument) for argument in arguments)])
        reference.main()

    return run


def test_from_a_checkpoint_to_features_graphs_and_weights(call, tmp_path):
    model = SMALL_MODELS["clip-vit-b32"]
    which = ("--model", "clip-vit-b32", "--small", "--tower", "text")
    call(*which, "--make-checkpoint", tmp_path / "made.pt", "--format", "torchscript", "--seed", 6)
    call(*which, "--make-input", tmp_path / "tokens.npy", "--batch", 2)
    call(*which, "--features", tmp_path / "made.pt", "--input", tmp_path / "tokens.npy", "--out", tmp_path / "y.npy")
    call(*which, "--graphs", tmp_path / "pack", "--weights-of", tmp_path / "made.pt")

    tokens, state = numpy.load(tmp_path / "tokens.npy"), random_checkpoint(model, seed=6)
    assert tokens.shape == (2, 77) and tokens.dtype == numpy.int64
    numpy.testing.assert_array_equal(numpy.load(tmp_path / "y.npy"), reference_features(model, "text", state, tokens))
    for tower in model.towers.values():
        write_weights(tower.layout(), state, tmp_path / "expected")
        assert (tmp_path / "pack" / tower.weights_file).read_bytes() == (tmp_path / "expected").read_bytes()
        assert (tmp_path / "pack" / tower.graph_file).read_bytes() == tower.graph_bytes()


def test_a_tower_that_the_model_lacks_is_refused(call, tmp_path, capsys):
    with pytest.raises(SystemExit):
        call("--model", "i3d-rgb", "--tower", "text", "--make-input", tmp_path / "x.npy")
    assert "i3d-rgb has no tower text" in capsys.readouterr().err


def test_features_without_an_input_are_refused(call, tmp_path, capsys):
    with pytest.raises(SystemExit):
        call("--model", "i3d-rgb", "--features", tmp_path / "made.pt")
    assert "--features needs --input and --out" in capsys.readouterr().err

"""The checkpoints for tests have the format and the names of the published ones."""

import pickletools
import zipfile

import numpy
import pytest
import torch

from vedette_training.extractors.checkpoint_formats import WRITERS, read_checkpoint
from vedette_training.extractors.models import MODELS, SMALL_MODELS
from vedette_training.extractors.reference import random_checkpoint


@pytest.mark.parametrize("written_as", sorted(WRITERS))
@pytest.mark.parametrize("model", ["i3d-rgb", "clip-vit-b32"])
def test_a_checkpoint_comes_back_as_it_was_written(written_as, model, tmp_path):
    state = random_checkpoint(SMALL_MODELS[model], seed=1)
    WRITERS[written_as](state, tmp_path / "checkpoint")
    back = read_checkpoint(tmp_path / "checkpoint")
    assert set(back) == set(state)
    for name, value in state.items():
        assert back[name].dtype == value.dtype and back[name].shape == value.shape, name
        assert (back[name] == value).all(), name


def test_the_same_seed_gives_the_same_weights():
    one, other, third = (random_checkpoint(SMALL_MODELS["i3d-rgb"], seed) for seed in (1, 1, 2))
    assert all((one[name] == other[name]).all() for name in one)
    assert not (one["Mixed_5c.b0.conv3d.weight"] == third["Mixed_5c.b0.conv3d.weight"]).all()


def test_the_oldest_format_rebuilds_tensors_as_pytorch_03_did(tmp_path):
    WRITERS["torch-0.3"](random_checkpoint(SMALL_MODELS["i3d-rgb"], seed=1), tmp_path / "checkpoint")
    globals_named = _globals_of_fourth_pickle(tmp_path / "checkpoint")
    assert "torch._utils _rebuild_tensor" in globals_named
    assert "torch._utils _rebuild_tensor_v2" not in globals_named


def _globals_of_fourth_pickle(path):
    """Magic number, protocol, system, then the tensors: what the last of them names."""
    with open(path, "rb") as file:
        for _ in range(3):
            list(pickletools.genops(file))
        return {argument for opcode, argument, _ in pickletools.genops(file) if opcode.name == "GLOBAL"}


def test_clip_archives_hold_halves_where_openais_do(tmp_path):
    WRITERS["torchscript"](random_checkpoint(SMALL_MODELS["clip-vit-b32"], seed=1), tmp_path / "checkpoint")
    assert any(name.endswith("/constants.pkl") for name in zipfile.ZipFile(tmp_path / "checkpoint").namelist())
    state = torch.jit.load(str(tmp_path / "checkpoint")).state_dict()
    for name in ("visual.conv1.weight", "visual.proj", "transformer.resblocks.0.mlp.c_fc.bias", "text_projection"):
        assert state[name].dtype == torch.float16, name
    for name in ("visual.class_embedding", "visual.ln_pre.weight", "token_embedding.weight", "logit_scale"):
        assert state[name].dtype == torch.float32, name
    assert int(state["input_resolution"]) == 224


def test_published_modules_load_a_checkpoint_of_true_shapes():
    model = MODELS["i3d-rgb"]
    state = random_checkpoint(model, seed=1)
    loaded = model.load(state).state_dict()
    assert numpy.array_equal(loaded["Mixed_3b.b1b.bn.running_var"], state["Mixed_3b.b1b.bn.running_var"])
    del state["Mixed_3b.b1b.bn.running_var"]
    with pytest.raises(KeyError, match="running_var"):
        model.load(state)

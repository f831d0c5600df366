"""The packs in models/ are what the exporter writes, and point into the checkpoints as they are."""

import json
from math import prod

import numpy
import onnx
import pytest
from extractors_support import REPOSITORY

from vedette_training.extractors.checkpoint_formats import safetensors_header
from vedette_training.extractors.layout import ALIGNMENT, lay_out, write_weights
from vedette_training.extractors.models import MODELS
from vedette_training.extractors.packs import CLIP_CHECKPOINTS, pack_manifest, shipped_files

PACKS = sorted(MODELS)
LARGEST_CONSTANT = 100_000
LARGEST_GRAPH = 1_000_000


@pytest.mark.parametrize("model", PACKS)
def test_the_committed_pack_is_a_fresh_export(model):
    folder = REPOSITORY / "models" / model
    shipped = shipped_files(MODELS[model])
    for name, content in shipped.items():
        assert (folder / name).read_bytes() == content, f"{name} differs: run the exporter"
        assert len(content) < LARGEST_GRAPH
    # compared as JSON: line breaks are the formatter's
    assert json.loads((folder / "pack.json").read_text()) == pack_manifest(MODELS[model], shipped)


@pytest.mark.parametrize("model", PACKS)
def test_every_weight_of_a_graph_is_a_tensor_of_the_checkpoint(model):
    checkpoint = MODELS[model].checkpoint_shapes()
    for tower in MODELS[model].towers.values():
        layout = {tensor.name: tensor for tensor in tower.layout().tensors}
        graph = onnx.load_from_string(tower.graph_bytes()).graph
        external = [tensor for tensor in graph.initializer if tensor.data_location == onnx.TensorProto.EXTERNAL]
        assert {tensor.name for tensor in external} == set(layout)
        for tensor in external:
            entries = {entry.key: entry.value for entry in tensor.external_data}
            placed = layout[tensor.name]
            assert entries == {
                "location": tower.weights_file,
                "offset": str(placed.offset),
                "length": str(placed.size_bytes),
            }
            assert tuple(tensor.dims) == placed.shape == tuple(checkpoint[tensor.name])
        inline = [tensor for tensor in graph.initializer if tensor.data_location != onnx.TensorProto.EXTERNAL]
        assert sum(len(tensor.raw_data) for tensor in inline) < LARGEST_CONSTANT
        used = {name for node in graph.node for name in node.input}
        assert set(layout) <= used, "a weight that no node reads"


@pytest.mark.parametrize("model", ["clip-vit-b16", "clip-vit-b32"])
def test_names_and_shapes_make_the_published_safetensors_edition_to_the_byte(model):
    # A name or shape other than the published one would lengthen or shorten the header. This cannot be seen of the
    # archives, which hold code as well.
    shapes = MODELS[model].checkpoint_shapes()
    header = safetensors_header({name: ("float32", shape) for name, shape in shapes.items()})
    numbers = sum(prod(shape) for shape in shapes.values())
    assert 8 + len(header) + 4 * numbers == CLIP_CHECKPOINTS[model].edition_bytes


def test_tensors_begin_at_multiples_of_64_with_zeros_between(tmp_path):
    layout = lay_out({"one": (3,), "two": (2, 2), "scalar": ()})
    assert [tensor.offset for tensor in layout.tensors] == [0, ALIGNMENT, 2 * ALIGNMENT]
    assert layout.size_bytes == 2 * ALIGNMENT + 4
    state = {"one": numpy.ones(3), "two": numpy.full((2, 2), 2.0), "scalar": numpy.array(5.0)}
    write_weights(layout, state, tmp_path / "weights")
    words = numpy.fromfile(tmp_path / "weights", dtype="<f4")
    assert list(words) == [1] * 3 + [0] * 13 + [2] * 4 + [0] * 12 + [5]


def test_a_tensor_of_another_shape_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"one is \(4,\), the graph needs \(3,\)"):
        write_weights(lay_out({"one": (3,)}), {"one": numpy.ones(4)}, tmp_path / "weights")

"""Builds an ONNX graph whose large tensors lie in a weights file that is not there yet.

The graphs are written node by node and not traced from the PyTorch modules: a tracer folds batch normalisation into
the convolutions, transposes linear layers and names tensors by number, so that an initializer would no longer be a
tensor of the checkpoint. Here each is one, byte for byte; ONNX Runtime does the folding when it opens the graph.
"""

from typing import Dict, List, Sequence, Tuple

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

from vedette_training.extractors.layout import WeightsLayout

OPSET = 17
"""The first with LayerNormalization; PyTorch 1.13 and all providers of ONNX Runtime know it."""
IR_VERSION = 8


class GraphBuilder:
    """Collects nodes in order. Every method returns the name of what the node puts out."""

    def __init__(self, name: str, layout: WeightsLayout, weights_file: str) -> None:
        self.name = name
        self.layout = layout
        self.nodes: List[onnx.NodeProto] = []
        self.constants: Dict[str, onnx.TensorProto] = {}
        self.external = [self._external(tensor.name, weights_file) for tensor in layout.tensors]
        self.known = {tensor.name for tensor in layout.tensors}

    def _external(self, name: str, weights_file: str) -> onnx.TensorProto:
        placed = next(tensor for tensor in self.layout.tensors if tensor.name == name)
        proto = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=placed.shape)
        proto.data_location = TensorProto.EXTERNAL
        entries = (("location", weights_file), ("offset", placed.offset), ("length", placed.size_bytes))
        for key, value in entries:
            proto.external_data.add(key=key, value=str(value))
        return proto

    def weight(self, name: str) -> str:
        """A tensor of the checkpoint. Raises KeyError for one that the layout does not have."""
        if name not in self.known:
            raise KeyError(name)
        return name

    def constant(self, name: str, value: numpy.ndarray) -> str:
        """A small tensor that lies in the graph itself."""
        self.constants.setdefault(name, numpy_helper.from_array(value, name))
        return name

    def integers(self, *values: int) -> str:
        """A list of int64, named by its values, so that equal ones are kept once."""
        name = "integers_" + "_".join(str(value).replace("-", "m") for value in values)
        return self.constant(name, numpy.array(values, dtype=numpy.int64))

    def node(self, operator: str, inputs: Sequence[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(operator, list(inputs), [output], name=output, **attributes))
        return output

    def split(self, value: str, outputs: Sequence[str], axis: int) -> List[str]:
        self.nodes.append(helper.make_node("Split", [value], list(outputs), name=outputs[0] + "/split", axis=axis))
        return list(outputs)

    def build(self, graph_input: "ValueInfo", graph_output: "ValueInfo", doc: str) -> bytes:
        """Bytes of the model: the same for the same calls. `N` is the free batch."""
        graph = helper.make_graph(
            self.nodes,
            self.name,
            [_value_info(graph_input)],
            [_value_info(graph_output)],
            initializer=[*self.external, *self.constants.values()],
        )
        model = helper.make_model(graph, producer_name="vedette", opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = IR_VERSION
        # onnx stamps its own version there, which would change the bytes with the installation
        model.producer_version = ""
        model.doc_string = doc
        return model.SerializeToString(deterministic=True)


ValueInfo = Tuple[str, int, Sequence[int]]
"""Name, element type, shape without the batch."""


def _value_info(value: ValueInfo) -> onnx.ValueInfoProto:
    name, element, shape = value
    return helper.make_tensor_value_info(name, element, ["N", *shape])

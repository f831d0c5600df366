"""What the extractors' tests share: a run by ONNX Runtime, which has no Python package here, through Node."""

import json
import os
import subprocess
from pathlib import Path
from typing import Dict

import numpy

from vedette_training.extractors.layout import write_weights
from vedette_training.extractors.models import Tower

TESTS = Path(__file__).parent
REPOSITORY = TESTS.parent.parent


def run_by_onnx_runtime(
    tower: Tower, state: Dict[str, numpy.ndarray], values: numpy.ndarray, folder: Path
) -> numpy.ndarray:
    """Writes graph and weights of a tower into `folder` and runs them on `values` [N, ...]: float32 [N, D]."""
    (folder / tower.graph_file).write_bytes(tower.graph_bytes())
    write_weights(tower.layout(), state, folder / tower.weights_file)
    values.tofile(folder / "input.bin")
    name = "tokens" if tower.input_type == "int64" else "frames"
    request = {
        "inputs": {name: {"type": tower.input_type, "shape": values.shape, "file": str(folder / "input.bin")}},
        "outputs": {"embedding": str(folder / "output.bin")},
    }
    done = subprocess.run(
        ["node", str(TESTS / "run_onnx.mjs"), str(folder / tower.graph_file), "2"],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        env={**os.environ, "ORT_DISABLE_TELEMETRY": "1"},
    )
    (folder / tower.weights_file).unlink()  # hundreds of megabytes, which pytest would keep for three runs
    assert done.returncode == 0, done.stderr
    shape = json.loads(done.stdout)["outputs"]["embedding"]
    return numpy.fromfile(folder / "output.bin", dtype=numpy.float32).reshape(shape)

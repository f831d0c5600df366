"""The encoder as a pack: ONNX graph with its weights inside, and pack.json."""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path

import torch

from .encoder import DIMS, DIRECTIONS, FightsEncoder
from .frames import FRAMES_PER_SECOND, FRAMES_PER_SEGMENT, HEIGHT, WIDTH
from .motion_statistics import STATISTICS

OPSET = 16
ENCODER = "fights-encoder"


def export_encoder(encoder: FightsEncoder, path: Path) -> None:
    """uint8 `frames` [N, 5, 160, 240] -> float32 `features` [N, 25], N free. The same encoder gives the same bytes."""
    encoder.eval()
    example = torch.zeros(2, FRAMES_PER_SEGMENT, HEIGHT, WIDTH, dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            encoder,
            (example,),
            str(path),
            input_names=["frames"],
            output_names=["features"],
            dynamic_axes={"frames": {0: "batch"}, "features": {0: "batch"}},
            opset_version=OPSET,
            do_constant_folding=True,
        )


def encoder_manifest(graph: Path, version: str, trained_on: str, measured: list[dict[str, object]]) -> dict[str, object]:
    content = graph.read_bytes()
    return {
        "id": ENCODER,
        "version": version,
        "kind": "extractor",
        "task": "descriptor of people's motion",
        "description": (
            "Half a second of gray video: coarse-to-fine Lucas-Kanade motion, its incoherence, agitation, residual and "
            "acceleration as power means, by formula; whitening and one discriminant are learned. 5,041 learned numbers."
        ),
        "licence": "Apache-2.0",
        "files": [
            {
                "path": graph.name,
                "sha256": hashlib.sha256(content).hexdigest(),
                "sizeBytes": len(content),
                "source": "python -m vedette_training.fights.train",
            }
        ],
        "input": {
            "name": "frames",
            "source": "frames",
            "framesPerSecond": FRAMES_PER_SECOND,
            "frames": FRAMES_PER_SEGMENT,
            "width": WIDTH,
            "height": HEIGHT,
            "channels": 1,
            "layout": "NTHW",
            "type": "uint8",
        },
        "output": {
            "name": "features",
            "dims": [DIMS],
            "meaning": f"{DIRECTIONS} whitened directions of {len(STATISTICS)} statistics of motion, then the discriminant's logit divided by 3",
        },
        "trainedOn": trained_on,
        "measured": measured,
    }


def write_manifest(folder: Path, manifest: dict[str, object]) -> None:
    (folder / "pack.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")

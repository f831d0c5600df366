"""A trained head as a pack: python -m vedette_training.export --run RUN --id ID --extractor X --extractor-version V --out DIR.

Writes DIR/ID.onnx (weights inside) and DIR/pack.json. The graph scores the newest snippet of a window that covers the
head's whole receptive field, so its score is that of a run over the camera's whole past.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from .data import DataError
from .run import load_head

OPSET = 17
PROTOCOL = (
    "trained by seed, stopped early on held-out groups of the training split; the test split is looked at once; "
    "causal scores; figures over frames pooled (AUC, AP) and over frames of abnormal videos (AUC_A)"
)


class _Newest(nn.Module):
    """The graph: (features [N, W, D], present [N, W]) -> score [N, 1], experts [N, E]."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, features: Tensor, present: Tensor):
        # what a missing snippet holds must not matter
        score, experts = self.model.newest(features * present[..., None], present)
        return score if experts is None else (score, experts)


def export_graph(model: nn.Module, path: Path) -> None:
    """Writes the ONNX graph; batch size free, everything else fixed. The same model gives the same bytes."""
    model.eval()
    names = ["score", "experts"] if model.experts else ["score"]
    example = (torch.zeros(2, model.window, model.config.dims), torch.ones(2, model.window))
    with warnings.catch_warnings():
        # the window's length is meant to be a constant of the graph
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Newest(model),
            example,
            str(path),
            input_names=["features", "present"],
            output_names=names,
            dynamic_axes={name: {0: "batch"} for name in ["features", "present", *names]},
            opset_version=OPSET,
            do_constant_folding=True,
        )


def manifest_of(
    model: nn.Module,
    summary: dict[str, object],
    graph: Path,
    *,
    pack_id: str,
    version: str,
    extractor: str,
    extractor_version: str,
    licence: str,
    trained_on: str | None = None,
) -> dict[str, object]:
    """pack.json of an exported head."""
    content = graph.read_bytes()
    test = summary.get("test") or {}
    figures = {
        "dataset": summary["dataset"],
        "protocol": PROTOCOL,
        "seed": summary["seed"],
        "videos": summary["videos"],
        "heldOutBalancedAccuracy": round(float(summary["heldOutBalancedAccuracy"]), 4),
        **{name: round(float(value), 4) for name, value in test.items()},
    }
    manifest: dict[str, object] = {
        "id": pack_id,
        "version": version,
        "kind": "head",
        "task": "anomaly score of the last snippets",
        "description": f"{summary['head']} head, {summary['parameters']} parameters, on {extractor} {extractor_version}.",
        "licence": licence,
        "files": [
            {
                "path": graph.name,
                "sha256": hashlib.sha256(content).hexdigest(),
                "sizeBytes": len(content),
                "source": "python -m vedette_training.export",
            }
        ],
        "extractor": extractor,
        "extractorVersion": extractor_version,
        "features": {
            "name": "features",
            "dims": model.config.dims,
            "window": model.window,
            # standardising or unit length, where a head wants it, is part of its graph
            "normalise": "none",
            "present": "present",
        },
        "output": {"name": "score"},
        "threshold": round(float(summary["threshold"]), 6),
        "causal": True,
        "trainedOn": trained_on or f"{summary['dataset']}: {summary['videos']['fit']} videos",
        "measured": [figures],
    }
    if model.experts:
        manifest["experts"] = {"name": "experts", "classes": list(model.experts)}
    return manifest


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m vedette_training.export", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="folder that train wrote")
    parser.add_argument("--id", required=True, help="pack id; the folder should be called so")
    parser.add_argument("--version", default="1.0.0")
    parser.add_argument("--extractor", required=True, help="pack that made the features")
    parser.add_argument("--extractor-version", required=True)
    parser.add_argument("--licence", default="LicenseRef-own", help="SPDX identifier of the weights")
    parser.add_argument("--trained-on", help="what it was trained on, for people")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    stored = options.run / "model.pt"
    if not stored.is_file():
        parser.error(f"{stored} is missing: train has not finished there")
    try:
        model, extra = load_head(stored)
    except (KeyError, DataError) as error:
        parser.error(f"{stored} holds no head of ours ({error})")
    options.out.mkdir(parents=True, exist_ok=True)
    graph = options.out / f"{options.id}.onnx"
    export_graph(model, graph)
    manifest = manifest_of(
        model,
        extra["summary"],
        graph,
        pack_id=options.id,
        version=options.version,
        extractor=options.extractor,
        extractor_version=options.extractor_version,
        licence=options.licence,
        trained_on=options.trained_on,
    )
    (options.out / "pack.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    print(f"{graph}: {graph.stat().st_size} bytes, window {model.window} snippets, {len(model.experts)} experts")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

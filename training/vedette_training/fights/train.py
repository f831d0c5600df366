"""Builds the packs `fights-encoder` and `fights`: python -m vedette_training.fights.train DATASET --cache FILE --report FILE --models models.

`--report` is what crossvalidate wrote: its figures and the threshold are those of clips whose sources the model had not
seen. The packs themselves are trained on all clips.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from ..export import export_graph, manifest_of
from .card import card_of
from .corpus import Clip, read_corpus
from .encoder import FightsEncoder
from .export import ENCODER, encoder_manifest, export_encoder, write_manifest
from .heads import RECIPES, SEEDS, train_head
from .learned import cross_fitted, learn

ENCODER_VERSION = "1.0.0"
VERSION = "1.1.0"
HEAD = "fights"
TRAINED_ON = (
    "Surveillance Camera Fight Dataset (Akti et al., IPTA 2019): {clips} of its 300 two-second clips, {fights} of fights, "
    "from {groups} sources"
)
PROTOCOL = (
    "five-fold cross-validation by source, {repeats} deal(s) of the folds; everything learned is learned anew for each fold; "
    "a clip's score is its highest segment's, as in `vedette eval`; interval: 95 % by resampling sources"
)


def trained_on(clips: list[Clip]) -> str:
    return TRAINED_ON.format(
        clips=len(clips), fights=sum(clip.fight for clip in clips), groups=len({clip.group for clip in clips})
    )


def figures_of(report: dict, kind: str) -> list[dict[str, object]]:
    """`measured` of the head's manifest: the shipped head, and the other one beside it."""
    protocol = PROTOCOL.format(repeats=report["repeats"])
    return [
        {
            "dataset": "fights-dev",
            "protocol": protocol,
            "head": name,
            "shipped": name == kind,
            "auc": report[name]["auc"],
            "aucInterval": report[name]["aucInterval"],
            "accuracy": report[name]["accuracy"],
            "streamsAucAbnormal": report[name]["streamsAucAbnormal"],
        }
        for name in (kind, *(other for other in RECIPES if other != kind and other in report))
    ]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m vedette_training.fights.train", description=__doc__)
    parser.add_argument("dataset", type=Path, help="dataset file of kind clips")
    parser.add_argument("--cache", type=Path, required=True, help="where statistics of the clips are kept (.npz)")
    parser.add_argument("--report", type=Path, required=True, help="what crossvalidate wrote")
    parser.add_argument("--models", type=Path, required=True, help="folder of the packs")
    parser.add_argument("--head", choices=list(RECIPES), default="gs-moe")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    clips = read_corpus(options.dataset, options.cache)
    report = json.loads(options.report.read_text())
    learned = learn(clips)
    folder = options.models / ENCODER
    folder.mkdir(parents=True, exist_ok=True)
    graph = folder / f"{ENCODER}.onnx"
    export_encoder(FightsEncoder(learned.whitening, learned.discriminant), graph)
    write_manifest(folder, encoder_manifest(graph, ENCODER_VERSION, trained_on(clips), []))

    model, summary = train_head(options.head, clips, cross_fitted(clips, learned, options.seed), options.seed)
    folder = options.models / HEAD
    folder.mkdir(parents=True, exist_ok=True)
    graph = folder / f"{HEAD}.onnx"
    export_graph(model, graph)
    manifest = manifest_of(
        model,
        summary,
        graph,
        pack_id=HEAD,
        version=VERSION,
        extractor=ENCODER,
        extractor_version=ENCODER_VERSION,
        licence="Apache-2.0",
        trained_on=trained_on(clips),
    )
    manifest["task"] = "fights between people, last two seconds"
    manifest["threshold"] = round(report[options.head]["threshold"], 4)
    manifest["description"] = f"Mean of {SEEDS} {options.head} heads, {summary['parameters']} parameters in all, on {ENCODER}."
    manifest["measured"] = figures_of(report, options.head)
    manifest["files"][0]["source"] = "python -m vedette_training.fights.train"
    write_manifest(folder, manifest)
    (folder / "MODEL_CARD.md").write_text(card_of(report, manifest), encoding="utf-8")
    print(f"{folder}: {options.head}, threshold {manifest['threshold']}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Trains a head: python -m vedette_training.train --head gs-moe --features DIR --out RUN [--seed N] [--config FILE].

DIR is what `vedette features extract` wrote, or, with --format, a feature folder of the field (see README).
RUN gets config.json, log.jsonl, checkpoint.pt while it runs, then model.pt, summary.json and training.png. Started
again with the same options a run goes on where it stopped; a finished one is left as it is.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, fields, replace
from pathlib import Path

from .data import DataError, Dataset, load_own
from .field_lists import FORMATS, load_field
from .fit import FitConfig, fit
from .plot import plot_run
from .trainer import TrainConfig


def read_recipe(options: argparse.Namespace) -> FitConfig:
    """The recipe of the --config file under the options of the command line. Raises DataError for a wrong name."""
    stored = json.loads(options.config.read_text(encoding="utf-8")) if options.config else {}
    config = _overlaid(FitConfig(head=options.head), {k: v for k, v in stored.items() if k != "train"}, "config")
    config = replace(config, train=_overlaid(TrainConfig(), stored.get("train", {}), "config.train"))
    given = {
        "seed": options.seed,
        "experts": options.experts,
        "splatting": False if options.no_splatting else None,
    }
    config = replace(config, head=options.head, **{k: v for k, v in given.items() if v is not None})
    if options.steps is not None:
        config = replace(config, train=replace(config.train, steps=options.steps))
    return config


def _overlaid(base, values: dict[str, object], where: str):
    known = {f.name: f for f in fields(base)}
    for name, value in values.items():
        if name not in known:
            raise DataError(f"{where}.{name} is unknown; known: {', '.join(known)}")
        present = getattr(base, name)
        if isinstance(present, bool) != isinstance(value, bool) or not isinstance(value, (type(present), int)):
            raise DataError(f"{where}.{name} is {value!r}, must be like {present!r}")
    return replace(base, **values)


def load_dataset(options: argparse.Namespace) -> Dataset:
    """The data set that the options name."""
    if options.format == "own":
        return load_own(options.features)
    return load_field(options.format, options.features, options.lists)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m vedette_training.train", description=__doc__)
    parser.add_argument("--head", choices=["mil", "gs-moe"], required=True)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--format", choices=["own", *FORMATS], default="own")
    parser.add_argument("--lists", type=Path, help="folder of the list files of a --format other than own")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--experts", choices=["auto", "classes", "clusters", "none"])
    parser.add_argument("--no-splatting", action="store_true", help="leave out the splatting loss")
    parser.add_argument("--config", type=Path, help="JSON of FitConfig's fields; the options here go above it")
    options = parser.parse_args(arguments)
    try:
        return _train(options)
    except DataError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _train(options: argparse.Namespace) -> int:
    recipe = read_recipe(options)
    options.out.mkdir(parents=True, exist_ok=True)
    asked = {"recipe": asdict(recipe), "features": str(options.features), "format": options.format}
    config_path = options.out / "config.json"
    if config_path.is_file() and json.loads(config_path.read_text(encoding="utf-8")) != json.loads(json.dumps(asked)):
        raise DataError(f"{options.out} holds a run with other options; give another --out, or remove it")
    config_path.write_text(json.dumps(asked, indent=2) + "\n", encoding="utf-8")
    if (options.out / "model.pt").is_file():
        print(f"{options.out / 'model.pt'} is finished already")
        return 0
    fitted = fit(load_dataset(options), recipe, options.out)
    assert fitted is not None
    plot_run(options.out)
    print(json.dumps({k: fitted.summary[k] for k in ("parameters", "threshold", "heldOutBalancedAccuracy", "test")}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

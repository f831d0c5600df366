"""The benchmark with planted truth: python -m vedette_training.planted --seeds 5 [--small] [--json FILE].

Trains `mil`, GS-MoE without splatting, without experts, and whole on generated bags (planted_bags.py), one world a
seed, and prints AUC and AUC_A on held-out test videos, causally scored, mean and standard deviation over seeds.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Dict, List, Sequence

import numpy as np

from .fit import FitConfig, fit
from .planted_bags import PlantedConfig, planted_dataset
from .trainer import TrainConfig

VARIANTS: dict[str, dict[str, object]] = {
    "mil": {"head": "mil"},
    "gs-moe without splatting": {"head": "gs-moe", "splatting": False},
    "gs-moe without experts": {"head": "gs-moe", "experts": "none"},
    "gs-moe": {"head": "gs-moe"},
}
#: a student small enough for a CPU; the same for all variants of GS-MoE
_MODEL = {"hidden": 32, "attention_heads": 2, "attention_window": 8, "dropout": 0.3}
STEPS = 300
_TRAIN = TrainConfig(steps=STEPS, batch=8, learning_rate=2e-3, evaluate_every=75, longest_bag=80)
#: a step of mil costs a quarter of one of gs-moe with as many bags: it gets more steps, and larger batches
_MIL = {"steps": 2, "batch": 2, "evaluate_every": 2}


Results = Dict[str, Dict[str, List[float]]]


def run_benchmark(seeds: Sequence[int], variants: Sequence[str], steps: int = STEPS, say=print) -> Results:
    """Figures by variant: auc, aucAbnormal, videoAuc, seconds; one value a seed."""
    results: Results = {name: {} for name in variants}
    for name in variants:
        for seed in seeds:
            dataset = planted_dataset(PlantedConfig(), seed)
            options = VARIANTS[name]
            mil = options["head"] == "mil"
            recipe = replace(_TRAIN, steps=steps)
            if mil:
                recipe = replace(recipe, **{field: getattr(recipe, field) * factor for field, factor in _MIL.items()})
            started = time.perf_counter()
            fitted = fit(dataset, FitConfig(seed=seed, model={} if mil else _MODEL, train=recipe, **options))
            figures = {**fitted.summary["test"], "seconds": time.perf_counter() - started}
            for key, value in figures.items():
                results[name].setdefault(key, []).append(float(value))
            say(f"seed {seed}  {name:26s} " + "  ".join(f"{k} {v:.3f}" for k, v in figures.items()), flush=True)
    return results


def table(results: Results) -> str:
    """Markdown: mean and standard deviation (n - 1) over seeds.

    The last column is the difference in AUC_A to `mil` on the same world, seed by seed: worlds differ in how hard they
    are, which moves all heads together.
    """
    lines = ["| head | AUC | AUC_A | video AUC | AUC_A above mil |", "|---|---|---|---|---|"]
    reference = results.get("mil", {}).get("aucAbnormal")
    for name, figures in results.items():
        cells = [_spread(figures[key]) for key in ("auc", "aucAbnormal", "videoAuc")]
        above = "–"
        if reference and name != "mil":
            above = _spread([own - other for own, other in zip(figures["aucAbnormal"], reference)])
        lines.append(f"| {name} | {' | '.join(cells)} | {above} |")
    return "\n".join(lines)


def _spread(values: list[float]) -> str:
    deviation = np.std(values, ddof=1) if len(values) > 1 else 0.0
    return f"{np.mean(values):.3f} ± {deviation:.3f}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m vedette_training.planted", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--small", action="store_true", help="one seed, mil and gs-moe alone")
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--steps", type=int, default=STEPS, help="of a GS-MoE; mil gets twice as many")
    parser.add_argument("--json", type=Path, help="also writes the figures there")
    options = parser.parse_args(arguments)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    variants = options.variants
    if options.small:
        seeds, variants = seeds[:1], ["mil", "gs-moe"]
    results = run_benchmark(seeds, variants, options.steps)
    print("\n" + table(results))
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

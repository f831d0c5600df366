"""Trains the two nets on generated days and writes them into the service.

    npm run figures:views -- --out /data/young
    npm run figures:views -- --out /data/busy --seeds 10,11,12 --start-hours 9,13,16 --hours 4 --gap 30,60
    npm run figures:views -- --out /data/old --seeds 30 --start-hours 9 --hours 26 --gap 20,40
    cd training && python -m vedette_training.figures.train --views /data/young /data/busy /data/old
    python -m vedette_training.figures.train --views /data/young /data/busy --check /data/old --out /tmp/first.ts
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Collection, List, Mapping, Sequence, Tuple

import numpy as np

from .export import write_module
from .net import FigureNet, FitConfig, fit, score_all
from .report import Found, find_events, in_words, recall_by_kind, statistic_of
from .targets import moving_targets, standing_targets
from .views import CameraViews, gather, read_folder

MODULE = Path(__file__).resolve().parents[3] / "src" / "score" / "figures" / "figure-weights.ts"
#: a day of all cameras together, in the checks
FALSE_ALARMS_PER_DAY = 1.0


def train(cameras: Sequence[CameraViews], sort: str, config: FitConfig, seed: int, without: Collection[str] = ()) -> FigureNet:
    moves = sort == "moving"
    bags = gather(cameras, sort, (moving_targets if moves else standing_targets)(without))
    # what stands has no course that could be invented
    return fit(bags, config if moves else replace(config, invented=0), seed)


def logits_of(net: FigureNet, cameras: Sequence[CameraViews], sort: str) -> List[np.ndarray]:
    bags = gather(cameras, sort, moving_targets())
    return bags.split(score_all(net, bags))


def find(cameras: Sequence[CameraViews], nets: Mapping[str, FigureNet]) -> Tuple[int, float, List[Found]]:
    """@param nets `moving`, and `standing` where both are asked; @returns (false alarms, threshold in nats, the events)"""
    days = sum(float(camera.seconds[-1] - camera.seconds[camera.learning].max()) for camera in cameras) / 86_400
    false_alarms = max(1, round(FALSE_ALARMS_PER_DAY * days))
    logits = [logits_of(net, cameras, sort) for sort, net in nets.items()]
    statistics = [statistic_of(camera, *own) for camera, *own in zip(cameras, *logits)]
    return (false_alarms, *find_events(cameras, statistics, false_alarms))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m vedette_training.figures.train", description=__doc__)
    parser.add_argument("--views", type=Path, required=True, nargs="+", help="folders that figures:views wrote")
    parser.add_argument("--check", type=Path, help="another such folder, of other seeds: prints what is found there")
    parser.add_argument("--unseen", action="store_true", help="with --check: trains without each kind of anomaly that moves in turn, and looks for it; writes nothing")
    parser.add_argument("--steps", type=int, default=FitConfig.steps)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=MODULE)
    options = parser.parse_args(arguments)
    config = replace(FitConfig(), steps=options.steps)
    cameras = [camera for folder in options.views for camera in read_folder(folder)]
    checks = read_folder(options.check) if options.check else []
    if options.unseen:
        for kind in sorted({event.kind for camera in cameras for event in camera.events} - {"left-bag"}):
            net = train(cameras, "moving", config, options.seed, without=[kind])
            _, _, found = find(checks, {"moving": net})
            hit, total = recall_by_kind(found).get(kind, (0, 0))
            print(f"{kind}: never seen in training, found {hit} of {total}", flush=True)
        return 0
    nets = {sort: train(cameras, sort, config, options.seed) for sort in ("moving", "standing")}
    if checks:
        false_alarms, threshold, found = find(checks, nets)
        print(f"{false_alarms} false alarms at {threshold:.1f} nats; found {in_words(found)}", flush=True)
    write_module(options.out, {"MOVING_NET": nets["moving"], "STANDING_NET": nets["standing"]}, cameras[0].fields)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

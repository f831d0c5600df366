"""The clips as statistics of their segments, worked out once and kept in a file."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .encoder import statistics_of
from .frames import clips_of, native_frames, sampled_frames, segments_of
from .variants import variant_of

VARIANTS = 4
NORMAL = "normal"


@dataclass(frozen=True)
class Clip:
    """`live` [segments, 70] of the live sampling; `variants` likewise of other views."""

    name: str
    fight: bool
    group: str
    live: np.ndarray
    variants: tuple[np.ndarray, ...]


def read_corpus(dataset: Path, cache: Path, seed: int = 7) -> list[Clip]:
    """The clips of a dataset file; `cache` (.npz) is written by the first call. 190 clips take about 3 minutes on a core."""
    clips = clips_of(dataset)
    if not cache.is_file():
        _write_cache(clips, cache, seed)
    stored = np.load(cache, allow_pickle=False)
    if stored["names"].tolist() != [clip["name"] for clip in clips]:
        raise SystemExit(f"{cache} was made of another dataset: remove it")
    return [
        Clip(
            name=clip["name"],
            fight=clip["label"] != NORMAL,
            group=clip.get("group") or clip["name"],
            live=stored[f"{index}.live"],
            variants=tuple(stored[f"{index}.{number}"] for number in range(VARIANTS)),
        )
        for index, clip in enumerate(clips)
    ]


def _write_cache(clips: list[dict], cache: Path, seed: int) -> None:
    arrays: dict[str, np.ndarray] = {"names": np.array([clip["name"] for clip in clips])}
    for index, clip in enumerate(clips):
        # a stream of its own for each clip: one clip more or less leaves the others as they are
        random = np.random.default_rng([seed, index])
        arrays[f"{index}.live"] = statistics_of(segments_of(sampled_frames(clip["file"])))
        frames, times = native_frames(clip["file"])
        for number in range(VARIANTS):
            arrays[f"{index}.{number}"] = statistics_of(variant_of(frames, times, random))
        if index % 20 == 19:
            print(f"{index + 1} of {len(clips)} clips", file=sys.stderr)
    cache.parent.mkdir(parents=True, exist_ok=True)
    with cache.open("wb") as stream:
        np.savez(stream, **arrays)

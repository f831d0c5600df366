"""Reads what `npm run figures:views` wrote: views of figures, segment by segment, with the truth."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import List, Sequence, Tuple

import numpy as np

#: as in src/score/figures/figure-net.ts
FARTHEST = 30.0


@dataclass(frozen=True)
class Event:
    kind: str
    start: float
    end: float


@dataclass
class CameraViews:
    """One camera: `views` [figures, fields], and of each segment its end in seconds, first figure, figures, label, learning."""

    name: str
    kind: str
    fields: Tuple[str, ...]
    views: np.ndarray
    seconds: np.ndarray
    first: np.ndarray
    count: np.ndarray
    #: 0 normal, n for event n - 1, -1 neither
    label: np.ndarray
    learning: np.ndarray
    events: List[Event]

    @property
    def standing(self) -> np.ndarray:
        """[figures] true for what stands."""
        return self.views[:, self.fields.index("seconds")] > 0


def read_camera(folder: Path, name: str) -> CameraViews:
    told = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    views = np.load(folder / f"{name}.views.npy")
    segments = np.load(folder / f"{name}.segments.npy")
    return CameraViews(
        name=name,
        kind=told["kind"],
        fields=tuple(told["fields"]),
        views=np.clip(views, -FARTHEST, FARTHEST),
        seconds=segments[:, 0].astype(np.float64),
        first=segments[:, 1].astype(np.int64),
        count=segments[:, 2].astype(np.int64),
        label=segments[:, 3].astype(np.int64),
        learning=segments[:, 4] > 0,
        events=[Event(one["kind"], one["startSecond"], one["endSecond"]) for one in told["events"]],
    )


def read_folder(folder: Path) -> List[CameraViews]:
    """All finished cameras of a folder, by name; their fields must be the same."""
    cameras = [read_camera(folder, path.name[: -len(".json")]) for path in sorted(folder.glob("*.json"))]
    if not cameras:
        raise ValueError(f"{folder} holds no views: run npm run figures:views -- --out {folder}")
    if len({camera.fields for camera in cameras}) > 1:
        raise ValueError(f"{folder} holds views of different editions: write them anew")
    return cameras


@dataclass
class Bags:
    """Figures of one sort (moving or standing), gathered by segment; what the nets are trained on and scored over."""

    fields: Tuple[str, ...]
    views: np.ndarray
    first: np.ndarray
    count: np.ndarray
    #: 1 event, 0 normal, -1 not used
    target: np.ndarray
    weight: np.ndarray
    #: segments of each camera, in order
    lengths: List[int] = field(default_factory=list)

    def figures_of(self, segments: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
        """(rows of `views`, position in `segments` of each)."""
        count = self.count[segments]
        where = np.repeat(np.arange(len(segments)), count)
        before = np.concatenate([[0], np.cumsum(count)[:-1]]) if len(count) else np.zeros(0, np.int64)
        rows = np.repeat(self.first[segments], count) + np.arange(len(where)) - np.repeat(before, count)
        return rows, where

    def split(self, values: np.ndarray) -> List[np.ndarray]:
        """Values of all segments, camera by camera."""
        return np.split(values, np.cumsum(self.lengths)[:-1])


def gather(cameras: Sequence[CameraViews], sort: str, targets) -> Bags:
    """@param sort `moving` or `standing`; @param targets camera -> (target, weight) of each of its segments"""
    views, first, count, target, weight, lengths = [], [], [], [], [], []
    offset = 0
    for camera in cameras:
        keep = camera.standing if sort == "standing" else ~camera.standing
        before = np.concatenate([[0], np.cumsum(keep)])
        own_first, own_last = before[camera.first], before[camera.first + camera.count]
        views.append(camera.views[keep])
        first.append(own_first + offset)
        count.append(own_last - own_first)
        own_target, own_weight = targets(camera)
        target.append(own_target)
        weight.append(own_weight)
        lengths.append(len(own_target))
        offset += int(keep.sum())
    return Bags(
        cameras[0].fields,
        np.concatenate(views),
        np.concatenate(first),
        np.concatenate(count),
        np.concatenate(target),
        np.concatenate(weight),
        lengths,
    )

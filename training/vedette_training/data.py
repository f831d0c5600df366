"""Videos as sequences of features: the own layout, splits and held-out groups.

Own layout (what `vedette features extract` writes):

    DIR/labels.csv            video,label,group,split,seconds_per_snippet
    DIR/<video>.npy           float32 [snippets, D] or [snippets, crops, D], oldest first
    DIR/truth/<video>.npy     optional, [snippets], 1 where the snippet is abnormal (test videos)

`label` is `normal` or the name of the class; `group` says what must stay together in a split (the source recording);
`split` is `train` or `test`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Sequence

import numpy as np

NORMAL = "normal"
LABEL_COLUMNS = ("video", "label", "group", "split", "seconds_per_snippet")


class DataError(Exception):
    """Input that cannot be used; the message names the file, what is wrong and what to do."""


@dataclass(frozen=True)
class Video:
    """One video. `load()` gives float32 [snippets, crops, D]; `truth` [frames] 0/1 or None where it is unknown."""

    name: str
    label: str
    group: str
    split: str
    load: Callable[[], np.ndarray] = field(repr=False)
    seconds_per_snippet: float = 0.5
    truth: np.ndarray | None = field(default=None, repr=False)
    #: frames of the truth that one snippet covers: 1 in the own layout, 16 in the field's
    frames_per_snippet: int = 1

    @property
    def abnormal(self) -> bool:
        return self.label != NORMAL


@dataclass(frozen=True)
class Dataset:
    name: str
    videos: tuple[Video, ...]

    def of(self, split: str) -> list[Video]:
        return [video for video in self.videos if video.split == split]


def read_features(path: Path) -> np.ndarray:
    """float32 [snippets, crops, D] of a .npy file of shape [snippets, D] or [snippets, crops, D].

    Raises DataError for a file that is missing, not an array, empty, of another rank, or that holds NaN or infinity.
    """
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as .npy ({error})") from error
    if array.ndim == 2:
        array = array[:, None, :]
    if array.ndim != 3 or 0 in array.shape:
        raise DataError(f"{path}: shape {array.shape}, expected [snippets, D] or [snippets, crops, D]")
    array = np.ascontiguousarray(array, dtype=np.float32)
    if not np.isfinite(array).all():
        raise DataError(f"{path}: holds NaN or infinite values")
    return array


def load_own(folder: Path) -> Dataset:
    """Reads the own layout. Raises DataError naming the row and the column that is wrong."""
    table = folder / "labels.csv"
    if not table.is_file():
        raise DataError(f"{table}: missing; `vedette features extract` writes it")
    videos: list[Video] = []
    with table.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        missing = [c for c in LABEL_COLUMNS[:4] if c not in (reader.fieldnames or [])]
        if missing:
            raise DataError(f"{table}: column {missing[0]} is missing; needed: {', '.join(LABEL_COLUMNS)}")
        for row in reader:
            videos.append(_own_video(folder, table, reader.line_num, row))
    names = [video.name for video in videos]
    if len(set(names)) != len(names):
        raise DataError(f"{table}: a video stands in it twice")
    if not videos:
        raise DataError(f"{table}: lists no videos")
    return Dataset(folder.name, tuple(videos))


def _own_video(folder: Path, table: Path, line: int, row: dict[str, str]) -> Video:
    name, split = row["video"], row["split"]
    if split not in ("train", "test"):
        raise DataError(f"{table}:{line}: split is {split!r}, must be train or test")
    if not name or not row["label"]:
        raise DataError(f"{table}:{line}: video and label must not be empty")
    path = folder / f"{name}.npy"
    if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        raise DataError(f"{table}:{line}: {path} is missing")
    truth_path = folder / "truth" / f"{name}.npy"
    label = NORMAL if row["label"].strip().lower() == NORMAL else row["label"].strip()
    return Video(
        name=name,
        label=label,
        group=row["group"] or name,
        split=split,
        load=lambda: read_features(path),
        seconds_per_snippet=float(row.get("seconds_per_snippet") or 0.5),
        truth=_read_truth(truth_path) if truth_path.is_file() else None,
    )


def _read_truth(path: Path) -> np.ndarray:
    truth = np.load(path, allow_pickle=False)
    if truth.ndim != 1:
        raise DataError(f"{path}: shape {truth.shape}, expected [snippets]")
    return (truth > 0).astype(np.uint8)


def write_own(folder: Path, rows: Sequence[dict[str, object]], features: dict[str, np.ndarray]) -> None:
    """Writes the own layout: `rows` with the columns of labels.csv, `features` by video name."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, LABEL_COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    for name, array in features.items():
        np.save(folder / f"{name}.npy", array.astype(np.float32))


def hold_out_groups(videos: Sequence[Video], share: float, seed: int) -> tuple[list[Video], list[Video]]:
    """Splits training videos into (fit, held out) by whole groups, about `share` of the groups of each label.

    A group is dealt by the label that most of its videos bear, so that both parts hold every class where it has two
    groups or more. Used to stop early: the test split is never looked at.
    """
    groups: dict[str, list[Video]] = {}
    for video in videos:
        groups.setdefault(video.group, []).append(video)
    by_label: dict[str, list[str]] = {}
    for name, members in sorted(groups.items()):
        labels = sorted(member.label for member in members)
        by_label.setdefault(max(labels, key=labels.count), []).append(name)
    random = np.random.default_rng(seed)
    held: set[str] = set()
    for label in sorted(by_label):
        names = by_label[label]
        count = 0 if len(names) < 2 else min(len(names) - 1, max(1, round(share * len(names))))
        held.update(names[i] for i in random.permutation(len(names))[:count])
    return [v for v in videos if v.group not in held], [v for v in videos if v.group in held]


def frame_scores(truth: np.ndarray, scores: np.ndarray, frames_per_snippet: int) -> np.ndarray:
    """Scores [snippets] repeated over the frames of `truth`; the last is stretched to the end, as the field does."""
    repeated = np.repeat(scores, frames_per_snippet)[: len(truth)]
    return np.append(repeated, np.full(len(truth) - len(repeated), scores[-1]))

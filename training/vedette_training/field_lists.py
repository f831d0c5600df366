"""The field's ready feature folders: UCF-Crime, XD-Violence, ShanghaiTech, by the list files of the open baselines.

A list names one feature file a line; crops of a video are files of their own (`NAME__0.npy` .. `NAME__9.npy`), or one
array [snippets, crops, D] (`NAME_i3d.npy`). A line's folders are tried under the features folder from the left on, so
that lists with the paths of somebody's machine do as well. Snippets are 16 frames; scores are repeated over them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Sequence

import numpy as np

from .data import NORMAL, DataError, Dataset, Video, read_features

FRAMES_PER_SNIPPET = 16
_CROP = re.compile(r"^(?P<name>.+)__(?P<crop>\d+)$")


@dataclass(frozen=True)
class _Format:
    """How one data set names things. `label(name, second column, lists folder)` gives the class or `normal`."""

    train_lists: tuple[str, ...]
    test_lists: tuple[str, ...]
    frames_per_second: float
    name: Callable[[str], str]
    label: Callable[[str, str | None, dict[str, str]], str]
    group: Callable[[str], str]
    classes_file: str | None = None


def _ucf_name(stem: str) -> str:
    return stem.split("_x264")[0]


def _ucf_label(name: str, _flag: str | None, _classes: dict[str, str]) -> str:
    if "Normal" in name:
        return NORMAL
    match = re.match(r"[A-Za-z]+", name)
    if match is None:
        raise DataError(f"{name}: a UCF-Crime video is called by its class and a number")
    return match.group()


def _xd_label(name: str, _flag: str | None, _classes: dict[str, str]) -> str:
    if "_label_" not in name:
        raise DataError(f"{name}: an XD-Violence video bears its labels in its name (_label_)")
    first = name.rsplit("_label_", 1)[1].split("-")[0]
    return NORMAL if first == "A" else first


def _shanghai_label(name: str, flag: str | None, classes: dict[str, str]) -> str:
    if name in classes:
        # several may be named; the first is the leading one
        return classes[name].split(",")[0]
    if flag is None and not classes:
        raise DataError(f"{name}: its line needs 0 or 1 behind the file, or the video a line in relabel.list")
    # relabel.list names all abnormal videos: without a flag, what does not stand in it is normal
    return NORMAL if flag is None or float(flag) == 0 else "abnormal"


FORMATS: dict[str, _Format] = {
    "ucf-crime": _Format(
        train_lists=("train.list", "UCF_Train.list", "ucf-i3d.list"),
        test_lists=("test.list", "UCF_Test.list", "ucf-i3d-test.list"),
        frames_per_second=30,
        name=_ucf_name,
        label=_ucf_label,
        group=lambda name: name,
    ),
    "xd-violence": _Format(
        train_lists=("train.list", "XD_Train.list", "rgb.list"),
        test_lists=("test.list", "XD_Test.list", "rgbtest.list"),
        frames_per_second=24,
        name=lambda stem: stem,
        label=_xd_label,
        # cuts of one film or upload stay together
        group=lambda name: name.split("__#")[0],
    ),
    "shanghaitech": _Format(
        train_lists=("train.list", "shanghai-i3d-train-10crop.list"),
        test_lists=("test.list", "shanghai-i3d-test-10crop.list"),
        frames_per_second=24,
        name=lambda stem: stem,
        label=_shanghai_label,
        group=lambda name: name,
        classes_file="relabel.list",
    ),
}
_UCF_ANNOTATIONS = ("annotations.txt", "Temporal_Anomaly_Annotation_for_Testing_Videos.txt")
_XD_ANNOTATIONS = ("annotations.txt", "XD_Annotation.txt")


def load_field(format_name: str, features: Path, lists: Path | None) -> Dataset:
    """Reads a data set of the field. Raises DataError naming the file and the line that is wrong."""
    if lists is None:
        raise DataError(f"--format {format_name} needs --lists, the folder of its list files")
    kind = FORMATS[format_name]
    classes = _read_classes(lists / kind.classes_file) if kind.classes_file else {}
    spans = _read_spans(format_name, lists)
    videos: list[Video] = []
    for split, names in (("train", kind.train_lists), ("test", kind.test_lists)):
        for name, (paths, flag) in _read_list(_first_of(lists, names), features, kind).items():
            label = kind.label(name, flag, classes)
            truth = _truth_of(format_name, name, label, paths, spans, lists) if split == "test" else None
            videos.append(
                Video(
                    name=name,
                    label=label,
                    group=kind.group(name),
                    split=split,
                    load=lambda paths=paths: _read_crops(paths),
                    seconds_per_snippet=FRAMES_PER_SNIPPET / kind.frames_per_second,
                    truth=truth,
                    frames_per_snippet=FRAMES_PER_SNIPPET,
                )
            )
    return Dataset(format_name, tuple(videos))


def _first_of(folder: Path, names: Sequence[str]) -> Path:
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise DataError(f"{folder}: holds none of {', '.join(names)}")


def _read_list(path: Path, features: Path, kind: _Format) -> dict[str, tuple[list[Path], str | None]]:
    """(crop files in order, second column) by video."""
    found: dict[str, tuple[list[tuple[int, Path]], str | None]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        columns = line.split()
        if not columns:
            continue
        file = _resolve(columns[0], features)
        if file is None:
            raise DataError(f"{path}:{number}: {columns[0]} is not under {features}")
        stem = Path(columns[0]).name.removesuffix(".npy").removesuffix("_i3d")
        match = _CROP.match(stem)
        crop = int(match["crop"]) if match else 0
        name = kind.name(match["name"] if match else stem)
        found.setdefault(name, ([], columns[1] if len(columns) > 1 else None))[0].append((crop, file))
    if not found:
        raise DataError(f"{path}: names no files")
    return {name: ([file for _, file in sorted(crops)], flag) for name, (crops, flag) in found.items()}


def _resolve(entry: str, features: Path) -> Path | None:
    parts = [part for part in Path(entry if entry.endswith(".npy") else entry + ".npy").parts if part not in ("/", "..", ".")]
    for start in range(len(parts)):
        candidate = features.joinpath(*parts[start:])
        if candidate.is_file():
            return candidate
    return None


def _read_crops(paths: Sequence[Path]) -> np.ndarray:
    """float32 [snippets, crops, D]; crops of one video must be equally long."""
    crops = [read_features(path) for path in paths]
    if len({crop.shape for crop in crops}) != 1:
        raise DataError(f"{paths[0]}: its crops differ in shape: {sorted({crop.shape for crop in crops})}")
    return crops[0] if len(crops) == 1 else np.concatenate(crops, axis=1)


def _read_classes(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    lines = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return {columns[0]: columns[1] for columns in lines if len(columns) >= 2}


def _read_spans(format_name: str, lists: Path) -> dict[str, list[tuple[int, int]]]:
    """Abnormal frames [first, last] by video, from the annotation text; none for ShanghaiTech, which has masks.

    UCF-Crime: `NAME_x264.mp4 Class first last first last`, -1 where there is no second event.
    XD-Violence: `NAME first last first last ..`; normal videos do not stand in it.
    """
    if format_name == "shanghaitech":
        return {}
    path = _first_of(lists, _UCF_ANNOTATIONS if format_name == "ucf-crime" else _XD_ANNOTATIONS)
    skipped = 2 if format_name == "ucf-crime" else 1
    spans: dict[str, list[tuple[int, int]]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        columns = line.split()
        if not columns:
            continue
        try:
            frames = [int(column) for column in columns[skipped:]]
        except ValueError as error:
            raise DataError(f"{path}:{number}: frames must be whole numbers ({error})") from error
        if len(frames) % 2:
            raise DataError(f"{path}:{number}: an event needs its first and its last frame")
        stem = columns[0].removesuffix(".mp4")
        name = _ucf_name(stem) if format_name == "ucf-crime" else stem
        spans[name] = [(a, b) for a, b in zip(frames[::2], frames[1::2]) if a >= 0 and b >= 0]
    return spans


def _truth_of(
    format_name: str, name: str, label: str, paths: Sequence[Path], spans: dict[str, list[tuple[int, int]]], lists: Path
) -> np.ndarray:
    """[frames] 0/1 of a test video."""
    frames = _snippets_of(paths[0]) * FRAMES_PER_SNIPPET
    if format_name == "shanghaitech":
        mask = lists / "test_frame_mask" / f"{name}.npy"
        if mask.is_file():
            return (np.load(mask, allow_pickle=False) > 0).astype(np.uint8)
    elif name in spans:
        truth = np.zeros(frames, np.uint8)
        for first, last in spans[name]:
            truth[first : last + 1] = 1
        return truth
    if label != NORMAL:
        raise DataError(f"{name}: an abnormal test video without temporal annotation in {lists}")
    return np.zeros(frames, np.uint8)


def _snippets_of(path: Path) -> int:
    """Reads the header alone."""
    return int(np.load(path, mmap_mode="r", allow_pickle=False).shape[0])

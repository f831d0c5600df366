"""Training bags: videos, and videos pasted among normal ones so that the abnormal share varies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np

from .data import DataError, Video

#: share of bags that stay one video; the others hold two to five (LaGoVAD's dynamic video synthesis)
SINGLE_SHARE = 0.3
MOST_CLIPS = 5
SEGMENTS = 32
_SIMILAR = 10


@dataclass(frozen=True)
class Bag:
    """`features` [T, D]; `unknown` [T] is 0 where a snippet is known to be normal, in an abnormal bag as well."""

    features: np.ndarray
    unknown: np.ndarray
    label: str
    abnormal: bool


@dataclass(frozen=True)
class BagConfig:
    """`longest`: snippets of a bag at most. `synthesis`: whether videos are pasted together."""

    longest: int = 200
    synthesis: bool = True


class BagSource:
    """Draws bags from training videos; one random stream, so that a seed fixes all of them."""

    def __init__(self, videos: Sequence[Video], config: BagConfig, random: np.random.Generator) -> None:
        self.config, self.random = config, random
        self.features = [video.load() for video in videos]
        self.videos = list(videos)
        self.normal = [i for i, video in enumerate(videos) if not video.abnormal]
        self.abnormal = [i for i, video in enumerate(videos) if video.abnormal]
        if not self.normal or not self.abnormal:
            raise DataError("training needs normal and abnormal videos in the train split")
        self.stretches = [self._stretch_of(i) for i in self.abnormal]
        self.similar = self._similar_normals()

    def abnormal_bag(self, among: Sequence[int] | None = None) -> Bag:
        """An abnormal video, whole, by itself or with normal ones before and after. `among`: indices to draw from."""
        index = int(self.random.choice(self.abnormal if among is None else among))
        clip = _pooled(self._crop_of(index), self._stretch_of(index))
        room = self.config.longest - len(clip)
        others = self._clip_count() - 1
        place = int(self.random.integers(others + 1))
        pieces = [(clip, True)]
        for number in range(others):
            length = room // (others - number)
            if length < 1:
                break
            piece = self._normal_piece(self._normal_beside(index), length)
            room -= len(piece)
            pieces.insert(0 if number < place else len(pieces), (piece, False))
        return _join(pieces, self.videos[index].label, abnormal=True)

    def normal_bag(self) -> Bag:
        """One to five normal videos, each cropped at random, pooled over time as often as abnormal ones have to be.

        Were only abnormal videos pooled, the smoothness of their features would give them away.
        """
        count = self._clip_count()
        stretch = int(self.random.choice(self.stretches))
        pieces: list[tuple[np.ndarray, bool]] = []
        room = self.config.longest
        index = int(self.random.choice(self.normal))
        for number in range(count):
            length = room // (count - number)
            if length < 1:
                break
            pieces.append((self._normal_piece(index, length, stretch), False))
            room -= len(pieces[-1][0])
            index = self._normal_beside(index)
        return _join(pieces, "normal", abnormal=False)

    def _clip_count(self) -> int:
        if not self.config.synthesis or self.random.random() < SINGLE_SHARE:
            return 1
        return int(self.random.integers(2, MOST_CLIPS + 1))

    def _normal_piece(self, index: int, length: int, stretch: int = 1) -> np.ndarray:
        """At most `length` snippets of a normal video, begun at random."""
        crop = self._crop_of(index)
        wanted = min(len(crop), length * stretch)
        # shorter crops as well: the piece's length must not tell
        wanted = int(self.random.integers(max(1, wanted // 2), wanted + 1))
        start = int(self.random.integers(len(crop) - wanted + 1))
        return _pooled(crop[start : start + wanted], stretch)[:length]

    def _crop_of(self, index: int) -> np.ndarray:
        crops = self.features[index]
        return crops[:, int(self.random.integers(crops.shape[1]))]

    def _stretch_of(self, index: int) -> int:
        return -(-len(self.features[index]) // self.config.longest)

    def _normal_beside(self, index: int) -> int:
        """Half of the neighbours look alike, half are any: so that a change of scene is not the sign of an anomaly."""
        return int(self.random.choice(self.similar[index] if self.random.random() < 0.5 else self.normal))

    def _similar_normals(self) -> list[np.ndarray]:
        means = np.stack([crops.mean(axis=(0, 1)) for crops in self.features])
        means = means - means.mean(axis=0)
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
        normal = np.array(self.normal)
        result = []
        for index, mean in enumerate(means):
            others = normal[normal != index] if len(normal) > 1 else normal
            result.append(others[np.argsort(-(means[others] @ mean), kind="stable")[:_SIMILAR]])
        return result


def _join(pieces: Sequence[tuple[np.ndarray, bool]], label: str, abnormal: bool) -> Bag:
    return Bag(
        features=np.concatenate([piece for piece, _ in pieces]),
        unknown=np.concatenate([np.full(len(piece), float(unknown), np.float32) for piece, unknown in pieces]),
        label=label,
        abnormal=abnormal,
    )


def _pooled(features: np.ndarray, stretch: int) -> np.ndarray:
    """Means over `stretch` snippets each; the rest at the end is a mean of its own."""
    if stretch == 1:
        return features
    starts = np.arange(0, len(features), stretch)
    counts = np.diff(np.append(starts, len(features)))
    return np.add.reduceat(features, starts, axis=0) / counts[:, None].astype(np.float32)


def stack(bags: Sequence[Bag]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(features [N, T, D], present [N, T], unknown [N, T]), shorter bags missing at the *start*, as in a live window."""
    length = max(len(bag.features) for bag in bags)
    features = np.zeros((len(bags), length, bags[0].features.shape[1]), np.float32)
    present = np.zeros((len(bags), length), np.float32)
    unknown = np.zeros((len(bags), length), np.float32)
    for row, bag in enumerate(bags):
        size = len(bag.features)
        features[row, length - size :] = bag.features
        present[row, length - size :] = 1
        unknown[row, length - size :] = bag.unknown
    return features, present, unknown


def segments_of(features: np.ndarray, count: int = SEGMENTS) -> np.ndarray:
    """Sultani's segments [count, D] of clip features [T, D]: means between rounded, evenly spaced boundaries.

    Boundaries are round(linspace(1, T, count + 1)) in the authors' one-based count; segment i spans boundary i to
    boundary i+1 less one, the last includes its end, an empty range falls back to the one clip at its start.
    """
    # half away from zero, as MATLAB rounds
    edges = np.floor(np.linspace(1, len(features), count + 1) + 0.5).astype(int) - 1
    starts = edges[:-1]
    counts = np.maximum(np.diff(np.append(starts, len(features))), 1)
    # where a range is empty reduceat takes the one row at its start
    return (np.add.reduceat(features, starts, axis=0) / counts[:, None]).astype(np.float32)

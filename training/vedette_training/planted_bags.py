"""Generated feature bags with planted truth: what a head finds can be checked by the snippet.

The generator copies what frozen video embeddings do, not what suits a head:

* features are non-negative and of low rank: ReLU of a fixed random mixture of hidden factors, as pooled ReLU maps are;
* the scene decides most of a feature: each video has a style of its own that outweighs what happens in it, and drifts;
* ordinary activities come and go in every video, as strong as anomalies;
* an anomaly class is two factors at once plus a weak direction of its own; **hard negatives**, in normal and abnormal
  videos alike, show one of a class's two factors alone, or one together with another class's: every part is normal, the
  combination is not;
* events last as those of the UCF-Crime test set (5/25/50/75/95 %: 2.0 / 4.0 / 8.0 / 16.7 / 72.5 s, 0.5 s a snippet),
  videos a minute in the middle case, so that the abnormal share is small and varies;
* strength varies by event and an event rises and falls; snippets are noisy.

The constants were set without looking at how the heads compare. Two were moved after a first try, in which nothing
could be learned: the strength of what happens (`_GAIN`), until a small network that is shown the truth of every single
training snippet reaches an AUC_A of 0.91 on test videos, which leaves something to gain from time; and the number of
videos a class, to 60, as UCF-Crime's 810 for 13 classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .data import NORMAL, Dataset, Video

SECONDS_PER_SNIPPET = 0.5
_DURATION_SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
_DURATION_SECONDS = (1.0, 2.0, 4.0, 8.0, 16.7, 72.5, 120.0)
_FACTORS = 24
_STYLE_FACTORS = 12
_GAIN = 2.0
_STYLE = 1.5
_DRIFT = 0.05
_NOISE = 0.5
_OWN_DIRECTION = 0.4
_ORDINARY = 8


@dataclass(frozen=True)
class PlantedConfig:
    classes: int = 3
    train_by_class: int = 60
    test_by_class: int = 15
    dims: int = 64


def event_snippets(random: np.random.Generator) -> int:
    """Length of an event in snippets, drawn from the quantiles above (log-linear between them)."""
    seconds = np.exp(np.interp(random.random(), _DURATION_SHARES, np.log(_DURATION_SECONDS)))
    return max(2, int(round(seconds / SECONDS_PER_SNIPPET)))


class PlantedWorld:
    """One world: the mixture, the classes. Videos drawn from it share these and nothing else."""

    def __init__(self, config: PlantedConfig, seed: int) -> None:
        self.config = config
        self.random = np.random.default_rng(seed)
        hidden = _FACTORS + config.classes
        self.mixture = _GAIN * self.random.normal(size=(hidden, config.dims)) / np.sqrt(hidden / 4)
        self.style_mixture = self.random.normal(size=(_STYLE_FACTORS, config.dims)) / np.sqrt(_STYLE_FACTORS)
        self.bias = self.random.uniform(0.0, 0.6, config.dims)
        # classes share factors with each other and with ordinary life
        self.pairs = [tuple(self.random.choice(_FACTORS, 2, replace=False)) for _ in range(config.classes)]

    def video(self, label: int | None) -> tuple[np.ndarray, np.ndarray]:
        """(features [T, D] float32, truth [T]) of a video of a class, or of a normal one for None."""
        random = self.random
        lengths = [event_snippets(random) for _ in range(1 + int(random.random() < 0.1))] if label is not None else []
        usual = int(np.exp(random.normal(np.log(120), 0.6)))
        length = int(np.clip(max(usual, 1.3 * sum(lengths) + 8), 32, 600))
        factors = np.zeros((length, _FACTORS + self.config.classes))
        truth = np.zeros(length, np.uint8)
        for _ in range(max(1, length // 15)):
            self._play(factors, {int(random.integers(_ORDINARY)): 1.0}, *self._place(length, event_snippets(random)))
        for _ in range(max(1, length // 60)):
            self._play(factors, self._hard_negative(), *self._place(length, event_snippets(random)))
        for size in lengths:
            start, size = self._place(length, size)
            first, second = self.pairs[label]
            self._play(
                factors, {first: 1.0, second: 1.0, _FACTORS + label: _OWN_DIRECTION}, start, size, silence=True
            )
            truth[start : start + size] = 1
        style = random.normal(size=_STYLE_FACTORS) + np.cumsum(random.normal(size=(length, _STYLE_FACTORS)), 0) * _DRIFT
        mixed = self.bias + _STYLE * style @ self.style_mixture + factors @ self.mixture
        noisy = mixed + random.normal(scale=_NOISE, size=mixed.shape)
        return np.maximum(noisy, 0).astype(np.float32), truth

    def _hard_negative(self) -> dict[int, float]:
        """One factor of a class alone, or with one of another class with which it makes no class."""
        random = self.random
        one = self.pairs[int(random.integers(len(self.pairs)))][int(random.integers(2))]
        if random.random() < 0.5:
            return {one: 1.4}
        other = self.pairs[int(random.integers(len(self.pairs)))][int(random.integers(2))]
        pair = {one, other}
        return {one: 1.4} if any(pair == set(p) for p in self.pairs) else {one: 1.0, other: 1.0}

    def _place(self, length: int, size: int) -> tuple[int, int]:
        size = min(size, length)
        return int(self.random.integers(length - size + 1)), size

    def _play(
        self, factors: np.ndarray, parts: dict[int, float], start: int, size: int, silence: bool = False
    ) -> None:
        """Adds an activity that rises and falls within its first and last quarter; `silence` stills what else goes on."""
        ramp = np.clip(np.minimum(np.arange(1, size + 1), np.arange(size, 0, -1)) / max(1.0, size / 4), 0.5, 1)
        strength = self.random.uniform(0.7, 1.4)
        if silence:
            factors[start : start + size] *= 0.5
        for factor, weight in parts.items():
            factors[start : start + size, factor] += weight * strength * ramp


def planted_dataset(config: PlantedConfig, seed: int) -> Dataset:
    """Train and test videos of one world; as many normal as abnormal ones, truth known for all of them."""
    world = PlantedWorld(config, seed)
    videos: list[Video] = []
    for split, count in (("train", config.train_by_class), ("test", config.test_by_class)):
        labels: list[int | None] = [c for c in range(config.classes) for _ in range(count)]
        for index, label in enumerate(labels + [None] * len(labels)):
            features, truth = world.video(label)
            name = f"{split}-{index:04d}"
            videos.append(
                Video(
                    name=name,
                    label=NORMAL if label is None else f"class-{label + 1}",
                    group=name,
                    split=split,
                    load=lambda features=features: features[:, None, :],
                    seconds_per_snippet=SECONDS_PER_SNIPPET,
                    truth=truth,
                )
            )
    return Dataset(f"planted-{seed}", tuple(videos))

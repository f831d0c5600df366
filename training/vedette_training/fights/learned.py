"""What is learned of clips: whitening and discriminant; and features for heads that do not know too much.

A head trained on features whose discriminant has seen the same clips would trust it more than it deserves. So its
training features come from discriminants of other sources (cross-fitting by group), those of test clips from all of
the training clips.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

import numpy as np

from .corpus import Clip
from .discriminant import Discriminant, fit_discriminant
from .encoder import Whitening, features_of, fit_whitening
from .folds import fold_of_clips

CROSS_FITS = 5


@dataclass(frozen=True)
class Learned:
    whitening: Whitening
    discriminant: Discriminant

    def features(self, statistics: np.ndarray) -> np.ndarray:
        whitened = self.whitening.apply(statistics)
        return features_of(whitened, self.discriminant.logits(whitened))


def learn(clips: Sequence[Clip]) -> Learned:
    """Whitening and discriminant of training clips; the live view weighs as much as all its variants together."""
    rows, labels, weights = _rows(clips)
    whitening = fit_whitening(rows)
    return Learned(whitening, fit_discriminant(whitening.apply(rows), labels, weights))


def cross_fitted(clips: Sequence[Clip], learned: Learned, seed: int) -> list[np.ndarray]:
    """Features [segments, views, 25] of training clips (views that have as many segments), logits by other sources."""
    folds = fold_of_clips(clips, CROSS_FITS, seed)
    result: list[np.ndarray] = [np.zeros(0)] * len(clips)
    for fold in range(CROSS_FITS):
        rows, labels, weights = _rows([clip for clip, own in zip(clips, folds) if own != fold])
        other = fit_discriminant(learned.whitening.apply(rows), labels, weights)
        for index in np.flatnonzero(folds == fold):
            clip = clips[index]
            views = [clip.live, *(view for view in clip.variants if len(view) >= len(clip.live))]
            crops = []
            for view in views:
                whitened = learned.whitening.apply(view[: len(clip.live)])
                crops.append(features_of(whitened, other.logits(whitened)))
            result[index] = np.stack(crops, axis=1)
    return result


def _rows(clips: Sequence[Clip]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Statistics, labels and weights of all segments of all views."""
    rows: list[np.ndarray] = []
    labels: list[np.ndarray] = []
    weights: list[np.ndarray] = []
    for clip in clips:
        for view, weight in [(clip.live, 0.5), *((v, 0.5 / len(clip.variants)) for v in clip.variants)]:
            rows.append(view)
            labels.append(np.full(len(view), float(clip.fight)))
            weights.append(np.full(len(view), weight))
    return np.concatenate(rows), np.concatenate(labels), np.concatenate(weights)

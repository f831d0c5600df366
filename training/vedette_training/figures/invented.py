"""Strange figures that no day holds, made from ordinary ones: so that what is odd in one respect alone counts, whatever it looks like otherwise."""

from __future__ import annotations

import numpy as np

from .views import Bags

#: density of a velocity never seen, as in src/score/figures/figure-references.ts
_UNSEEN = 0.02
#: age of a figure that has been followed for two seconds, ln(1 + segments)
_FOLLOWED = np.log(5.0)
#: a place knows its courses from so many references about it
_KNOWN = np.log(5.0)


class WrongWays:
    """Ordinary moving figures, followed for a while in places that much passes through, on a course that nothing takes there."""

    def __init__(self, bags: Bags, normal: np.ndarray) -> None:
        """@param normal segments whose figures are ordinary"""
        rows, _ = bags.figures_of(normal)
        age, known = bags.fields.index("age"), bags.fields.index("known")
        follows = (bags.views[rows, age] >= _FOLLOWED) & (bags.views[rows, known] >= _KNOWN)
        self._views = bags.views
        self._rows = rows[follows]
        if len(self._rows) == 0:
            raise ValueError("no ordinary figure is followed for two seconds where much passes through: write views of more cameras, or set invented to 0")
        self._known = known
        self._courses = [bags.fields.index(name) for name in ("course", "path-course", "lasting-course")]

    def draw(self, count: int, random: np.random.Generator) -> np.ndarray:
        """[count, fields]: `course` is -ln((velocities + 0.02) / (similar + 1)) with no velocity like it and half of the references similar or more."""
        views = self._views[random.choice(self._rows, count)].copy()
        similar = random.uniform(0.5, 1.0, count) * np.exp(views[:, self._known])
        course = np.log((similar + 1) / _UNSEEN)
        for place, least in zip(self._courses, (0.8, 0.8, 0.5)):
            views[:, place] = np.maximum(views[:, place], random.uniform(least, 1.0, count) * course)
        return views

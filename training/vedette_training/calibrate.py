"""Puts separately trained experts on one scale, by what they say of normal snippets."""

from __future__ import annotations

import math

import numpy as np

ALARM_QUANTILE = 0.99
#: an expert whose normal logits hardly vary would get an endless slope
_LEAST_SPREAD = 0.25


def alarm_map(normal_logits: np.ndarray, quantile: float = ALARM_QUANTILE) -> tuple[float, float]:
    """(centre, slope) of the map slope (z - centre) that sends an expert's alarm quantile over normal snippets to 0.

    `normal_logits` [n]. The slope sends the median to ln((1 - q) / q), -4.6 for 0.99: the probability that the alarm
    quantile is left to. Increasing in z, so the order of an expert's own scores stays.
    """
    if normal_logits.size == 0:
        return 0.0, 1.0
    middle, centre = np.quantile(normal_logits, [0.5, quantile])
    spread = max(float(centre - middle), _LEAST_SPREAD)
    return float(centre), math.log(quantile / (1 - quantile)) / spread

"""Untrimmed streams put together from clips: mostly normal, with fights in between. Truth: the fights' clips' spans."""

from __future__ import annotations

from typing import Sequence

import numpy as np

CLIPS_OF_STREAM = 12
LONGEST_FIGHT = 3


def streams_of(fights: Sequence[bool], count: int, random: np.random.Generator) -> list[list[int]]:
    """`count` streams as lists of clip numbers: 12 clips each, one to three fight clips of them in a row.

    A quarter has two such fights. Which clips follow one another is chance: a change of scene is no sign of a fight.
    """
    fight = np.flatnonzero(fights)
    normal = np.flatnonzero(~np.asarray(fights))
    streams: list[list[int]] = []
    for _ in range(count):
        clips = list(random.choice(normal, CLIPS_OF_STREAM))
        for _ in range(2 if random.random() < 0.25 else 1):
            length = int(random.integers(1, LONGEST_FIGHT + 1))
            start = int(random.integers(1, CLIPS_OF_STREAM - length + 1))
            clips[start : start + length] = list(random.choice(fight, length))
        streams.append([int(clip) for clip in clips])
    return streams

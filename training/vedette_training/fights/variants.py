"""Other views of a clip, for training: sampled at another phase and speed, mirrored, cropped, darker, noisier."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F

from .frames import FRAMES_PER_SECOND, HEIGHT, WIDTH, segments_of


def variant_of(frames: np.ndarray, times: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """uint8 segments [n, 5, 160, 240] of all frames of a clip [frames, 160, 240] and their times in seconds."""
    speed, late = random.uniform(0.82, 1.2), random.uniform(0, 0.18)
    step = speed / FRAMES_PER_SECOND
    ticks = np.arange(times[0] + late, times[-1] + 0.02, step)
    picked = np.minimum(np.searchsorted(times, ticks - 0.05), len(frames) - 1)
    pictures = torch.from_numpy(frames[picked].astype(np.float32))[:, None]
    if random.random() < 0.5:
        pictures = pictures.flip(-1)
    if random.random() < 0.7:
        share, aspect = random.uniform(0.7, 1), random.uniform(0.9, 1.1)
        height, width = int(min(HEIGHT, HEIGHT * share * aspect)), int(min(WIDTH, WIDTH * share / aspect))
        top, left = int(random.integers(HEIGHT + 1 - height)), int(random.integers(WIDTH + 1 - width))
        cut = pictures[:, :, top : top + height, left : left + width]
        pictures = F.interpolate(cut, (HEIGHT, WIDTH), mode="bilinear", align_corners=False)
    values = (pictures / 255).clamp(0, 1) ** float(np.exp(random.uniform(-0.25, 0.25)))
    values = values * random.uniform(0.8, 1.1) + random.uniform(-0.05, 0.05)
    noise = random.standard_normal(values.shape, dtype=np.float32) * np.float32(random.uniform(0, 0.012))
    values = (values + torch.from_numpy(noise)).clamp(0, 1) * 255
    return segments_of(values.round().byte()[:, 0].numpy())

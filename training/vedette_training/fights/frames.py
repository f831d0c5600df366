"""Frames of a video as the service samples them, by the same ffmpeg filters.

The live path (src/ingest/ffmpeg-arguments.ts, `sampleFilter`) takes the first frame at or after each tick of a 10 Hz
grid, stretches it to 240 x 160 with area averaging and keeps luma. `sampled_frames` gives the same bytes;
`native_frames` keeps every frame, so that training can sample at other phases and speeds.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import numpy as np

WIDTH, HEIGHT = 240, 160
FRAMES_PER_SECOND = 10
FRAMES_PER_SEGMENT = 5


def _decode(file: Path, filters: list[str], ffmpeg: str) -> np.ndarray:
    chain = [*filters, f"scale={WIDTH}:{HEIGHT}:flags=area", "format=gray"]
    command = [ffmpeg, "-hide_banner", "-nostdin", "-loglevel", "error", "-copyts", "-i", f"file:{file}", "-map", "0:v:0"]
    command += ["-filter:v", ",".join(chain), "-fps_mode", "passthrough", "-c:v", "rawvideo", "-f", "rawvideo", "pipe:1"]
    done = subprocess.run(command, check=True, capture_output=True)
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, HEIGHT, WIDTH)


def sampled_frames(file: Path, ffmpeg: str = "ffmpeg") -> np.ndarray:
    """uint8 [frames, 160, 240] at 10 fps, byte for byte what `vedette eval` reads."""
    tick = f"floor({{}}*{FRAMES_PER_SECOND}+0.5)"
    now, before = tick.format("t"), tick.format("prev_selected_t")
    return _decode(file, [f"select='isnan(prev_selected_t)+gt({now},{before})+lt(t,prev_selected_t)'"], ffmpeg)


def segments_of(frames: np.ndarray) -> np.ndarray:
    """uint8 [segments, 5, 160, 240]; a last segment that is not full is left out, as live."""
    count = len(frames) // FRAMES_PER_SEGMENT
    return frames[: count * FRAMES_PER_SEGMENT].reshape(count, FRAMES_PER_SEGMENT, HEIGHT, WIDTH)


def native_frames(file: Path, ffmpeg: str = "ffmpeg") -> tuple[np.ndarray, np.ndarray]:
    """All frames, uint8 [frames, 160, 240], and their times in seconds."""
    chain = ["showinfo"]
    command = [ffmpeg, "-hide_banner", "-nostdin", "-loglevel", "info", "-copyts", "-i", f"file:{file}", "-map", "0:v:0"]
    chain += [f"scale={WIDTH}:{HEIGHT}:flags=area", "format=gray"]
    command += ["-filter:v", ",".join(chain), "-fps_mode", "passthrough", "-c:v", "rawvideo", "-f", "rawvideo", "pipe:1"]
    done = subprocess.run(command, check=True, capture_output=True)
    frames = np.frombuffer(done.stdout, np.uint8).reshape(-1, HEIGHT, WIDTH)
    times = [float(found) for found in re.findall(r"showinfo.*?pts_time:\s*([0-9.eE+-]+)", done.stderr.decode())]
    return frames, np.asarray(times[: len(frames)], np.float64)


def clips_of(dataset: Path) -> list[dict]:
    """The clips of a dataset file (`kind: clips`): file, label, group; files as absolute paths."""
    content = json.loads(dataset.read_text())
    return [{**clip, "file": dataset.parent / clip["file"], "name": clip["file"]} for clip in content["clips"]]

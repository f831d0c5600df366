"""What the motion of half a second is like, as logarithms of power means over the picture: by formula.

Fights differ from walking and working less by how much moves than by how: parts of one body-sized place move different
ways (`incoherence`), change their way from frame to frame (`acceleration`), end where they began (`agitation`), and
cannot be undone by shifting patches (`residual`: bodies bend and cover one another). High powers and the maximum over
small places keep a fight that fills little of the picture from drowning in it.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

TINY = 1e-6
#: windows of `incoherence`, cells of 4 x 4 pixels
WINDOWS = (5, 11)


def motion_channels(maps: Tensor) -> dict[str, Tensor]:
    """Named channels [N, 1 to 4, H, W], none negative, of maps [N, 4, 5, 40, 60] without camera motion."""
    right, down, change, residual = (maps[:, :, i] for i in range(4))
    speed = _length(right, down)
    turn_right, turn_down = right[:, 1:] - right[:, :-1], down[:, 1:] - down[:, :-1]
    path, net = speed.mean(1), _length(right.mean(1), down.mean(1))
    channels = {
        "speed": speed,
        "change": change * 20,
        "residual": residual * 40,
        "acceleration": _length(turn_right, turn_down),
        "residualMoving": residual * 40 * speed.clamp(max=8),
        "residualShare": residual / (change + 0.01) * speed.clamp(max=4),
        "net": net[:, None],
        "agitation": (path - net).clamp(min=0)[:, None],
        "shear": _shear(right, down),
        "speedChange": (speed[:, 1:] - speed[:, :-1]).abs(),
    }
    for window in WINDOWS:
        channels[f"incoherence{window}"] = incoherence(right, down, speed, window)
    return channels


def incoherence(right: Tensor, down: Tensor, speed: Tensor, window: int) -> Tensor:
    """Mean speed minus speed of the mean velocity in windows of `window` cells: 0 where all goes one way."""
    mean = lambda values: F.avg_pool2d(values, window, 1, window // 2, count_include_pad=False)  # noqa: E731
    return (mean(speed) - _length(mean(right), mean(down))).clamp(min=0)


def _length(x: Tensor, y: Tensor) -> Tensor:
    return torch.sqrt(x * x + y * y + TINY)


def _shear(right: Tensor, down: Tensor) -> Tensor:
    squares = torch.zeros(())
    for part in (right, down):
        across = (part[:, :, :, 1:] - part[:, :, :, :-1])[:, :, 1:]
        along = (part[:, :, 1:] - part[:, :, :-1])[:, :, :, 1:]
        squares = squares + across * across + along * along
    return torch.sqrt(squares + TINY)


def motion_statistics(maps: Tensor) -> Tensor:
    """float32 [N, 70] of maps [N, 4, 5, 40, 60] without camera motion, in the order of `STATISTICS`."""
    values: list[Tensor] = []
    for channel in motion_channels(maps).values():
        places = F.avg_pool2d(channel, 5, 2)
        values += [
            channel.mean((1, 2, 3)),
            _power_mean(channel, 2),
            _power_mean(channel, 4),
            _power_mean(places, 8),
            _power_mean(channel.mean(1, keepdim=True), 3),
        ]
        if channel.shape[1] > 1:
            by_frame = channel.mean((2, 3))
            values.append(by_frame.amax(1) / (by_frame.mean(1) + 0.05))
    return torch.log(torch.stack(values, dim=1) + 0.02)


def _power_mean(values: Tensor, power: int) -> Tensor:
    values = values.clamp(min=1e-4)
    # by multiplication: ONNX Runtime's Pow is slow
    raised = values
    if power == 3:
        raised = values * values * values
    else:
        for _ in range(power.bit_length() - 1):
            raised = raised * raised
    return raised.mean((1, 2, 3)) ** (1 / power)


CHANNELS_OF_ONE_STEP = ("net", "agitation")
CHANNELS = (
    *("speed", "change", "residual", "acceleration", "residualMoving", "residualShare", "net", "agitation"),
    *("shear", "speedChange", "incoherence5", "incoherence11"),
)
STATISTICS = tuple(
    f"{channel} {statistic}"
    for channel in CHANNELS
    for statistic in ("mean", "power 2", "power 4", "places power 8", "lasting power 3", "burst")
    if not (statistic == "burst" and channel in CHANNELS_OF_ONE_STEP)
)

"""Motion between consecutive frames, by formula: coarse-to-fine Lucas-Kanade on three scales. Nothing here is trained.

B. D. Lucas, T. Kanade, "An iterative image registration technique with an application to stereo vision" (1981): in a
window, the displacement d minimises sum (Ix dx + Iy dy + It)^2, so d = -(sum g g^T + R)^-1 sum g It. R is a small
ridge that makes flat windows stand still. Each finer scale refines what the coarser one found, on the second frame
warped back by it.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

ROWS, COLUMNS = 40, 60
#: velocity right and down (pixels of the 240 x 160 picture a frame step), mean absolute change, what is left of it
#: after the motion is undone, texture (root of the mean squared gradient)
MAPS = ("velocityX", "velocityY", "change", "residual", "texture")

WINDOW = 5
#: of squared gradients of a picture in 0..1: about (4 gray levels)^2 a pixel
RIDGE = 3e-4
#: cells of each scale, from the coarsest: longest step that is believed
STEP_LIMITS = (3.0, 2.0, 2.0)


def motion_maps(pictures: Tensor) -> Tensor:
    """Maps float32 [N, T - 1, 5, 40, 60] of pictures in 0..1, [N, T, 160, 240]."""
    count, length = pictures.shape[0], pictures.shape[1]
    before = pictures[:, :-1].reshape(-1, 1, *pictures.shape[2:])
    after = pictures[:, 1:].reshape(-1, 1, *pictures.shape[2:])
    maps = pair_maps(before, after)
    return maps.reshape(count, length - 1, len(MAPS), ROWS, COLUMNS)


def pair_maps(before: Tensor, after: Tensor) -> Tensor:
    """Maps [P, 5, 40, 60] of picture pairs [P, 1, 160, 240]."""
    half = [F.avg_pool2d(picture, 2) for picture in (before, after)]
    quarter = [F.avg_pool2d(picture, 2) for picture in half]
    eighth = [F.avg_pool2d(picture, 2) for picture in quarter]
    flow, _ = _step(eighth[0], eighth[1], STEP_LIMITS[0])
    flow = _finer(flow)
    step, _ = _step(quarter[0], _warp(quarter[1], flow), STEP_LIMITS[1])
    flow = _finer(flow + step)
    step, texture = _step(half[0], _warp(half[1], flow), STEP_LIMITS[2])
    flow = flow + step
    residual = (_warp(half[1], flow) - half[0]).abs()
    change = (half[1] - half[0]).abs()
    pooled = F.avg_pool2d(torch.cat([flow * 2, change, residual, texture], dim=1), 2)
    return torch.cat([pooled[:, :4], pooled[:, 4:].clamp(min=0).sqrt()], dim=1)


def _finer(flow: Tensor) -> Tensor:
    return F.interpolate(flow, scale_factor=2, mode="bilinear", align_corners=False) * 2


def _step(before: Tensor, after: Tensor, limit: float) -> tuple[Tensor, Tensor]:
    """One Lucas-Kanade step [P, 2, H, W] in cells of this scale, and the windows' mean squared gradient [P, 1, H, W]."""
    mean = F.pad((before + after) / 2, (1, 1, 1, 1), mode="replicate")
    right = (mean[:, :, 1:-1, 2:] - mean[:, :, 1:-1, :-2]) / 2
    down = (mean[:, :, 2:, 1:-1] - mean[:, :, :-2, 1:-1]) / 2
    change = after - before
    products = torch.cat([right * right, right * down, down * down, right * change, down * change], dim=1)
    sums = F.avg_pool2d(products, WINDOW, 1, WINDOW // 2, count_include_pad=False)
    xx, xy, yy = sums[:, 0:1] + RIDGE, sums[:, 1:2], sums[:, 2:3] + RIDGE
    xt, yt = sums[:, 3:4], sums[:, 4:5]
    determinant = xx * yy - xy * xy
    step = torch.cat([(xy * yt - yy * xt) / determinant, (xy * xt - xx * yt) / determinant], dim=1)
    return step.clamp(-limit, limit), sums[:, 0:1] + sums[:, 2:3]


def _warp(picture: Tensor, flow: Tensor) -> Tensor:
    """The picture [P, 1, H, W] read at each place plus `flow` [P, 2, H, W], bilinear; beyond the edge, the edge."""
    height, width = picture.shape[2], picture.shape[3]
    x = torch.arange(width, dtype=torch.float32)
    y = torch.arange(height, dtype=torch.float32)[:, None]
    places = torch.stack(
        [(flow[:, 0] + x) * (2 / (width - 1)) - 1, (flow[:, 1] + y) * (2 / (height - 1)) - 1], dim=-1
    )
    return F.grid_sample(picture, places, mode="bilinear", padding_mode="border", align_corners=True)


def without_camera_motion(maps: Tensor) -> Tensor:
    """The same maps with the median velocity of 4 x 4-cell blocks taken off, each frame step for itself."""
    count, steps = maps.shape[0], maps.shape[1]
    velocity = maps[:, :, :2]
    blocks = F.avg_pool2d(velocity.reshape(count * steps, 2, ROWS, COLUMNS), 4).flatten(2)
    half = blocks.shape[2] // 2
    median = torch.topk(blocks, half, dim=2, largest=False).values[:, :, -1]
    velocity = velocity - median.reshape(count, steps, 2, 1, 1)
    return torch.cat([velocity, maps[:, :, 2:]], dim=2)

"""Directions of scene style: found where normal videos differ from each other, turned down as far as scenes fill them."""

import numpy as np
import pytest
import torch

from vedette_training.heads_gs_moe import GsMoeConfig, GsMoeHead
from vedette_training.scene_style import STYLE_FLOOR, style_of


def test_the_direction_of_scenes_is_found_and_its_variance_brought_to_the_floor():
    random = np.random.default_rng(0)
    scene = np.array([3.0, 4.0, 0.0, 0.0]) / 5
    means = random.normal(size=(400, 1)) * 2 * scene + random.normal(size=(400, 4)) * 0.01
    directions, gains = style_of(means, 2)
    assert abs(directions[:, 0] @ scene) > 0.999
    # 4 turned down to 0.1 x 4 / 4.1; what no scene fills is left alone
    assert gains[0] == pytest.approx(np.sqrt(STYLE_FLOOR / (4 + STYLE_FLOOR)), rel=0.1)
    assert gains[1] > 0.99


def test_directions_beyond_what_the_videos_span_do_nothing():
    directions, gains = style_of(np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]]), 5)
    assert directions.shape == (3, 5) and gains.shape == (5,)
    assert gains[0] < 1 and np.allclose(gains[1:], 1)


def test_two_scenes_with_the_same_event_look_alike_to_the_head():
    torch.manual_seed(0)
    plain = GsMoeHead(GsMoeConfig(dims=3, hidden=8, attention_heads=2, attention_window=2)).eval()
    torch.manual_seed(0)
    head = GsMoeHead(GsMoeConfig(dims=3, hidden=8, attention_heads=2, attention_window=2, style_rank=1)).eval()
    head.style_directions[0, 0] = 1.0
    head.style_gains[0] = 0.0
    event, present = torch.randn(1, 5, 3), torch.ones(1, 5)
    elsewhere = event + torch.tensor([7.0, 0.0, 0.0])
    with torch.no_grad():
        assert torch.allclose(head(event, present), head(elsewhere, present), atol=1e-5)
        assert not torch.allclose(plain(event, present), plain(elsewhere, present), atol=1e-3)
        assert torch.allclose(head.newest(event, present)[0][0], head(event, present)[:, -1], atol=1e-6)

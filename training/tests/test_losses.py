"""Losses and targets against values computed by hand."""

import math

import numpy as np
import pytest
import torch

from vedette_training.losses import ranking_loss, snippet_loss, top_k_loss, top_mean
from vedette_training.splatting import find_peaks, render_batch, render_targets
from vedette_training.stages_gs_moe import curve_loss


def test_ranking_loss_by_hand():
    abnormal = torch.tensor([[0.1, 0.8, 0.3], [0.2, 0.2, 0.4]])
    normal = torch.tensor([[0.5, 0.1, 0.1], [0.0, 0.3, 0.2]])
    # hinges 1 - max abnormal + max normal: (0.7, 0.5) and (1.1, 0.9); summed over abnormal, mean over normal
    hinge = (1.8 + 1.4) / 2
    smooth = 0.7**2 + 0.5**2 + 0 + 0.2**2
    assert float(ranking_loss(abnormal, normal)) == pytest.approx(hinge + 8e-5 * smooth + 8e-5 * 2.0, abs=1e-6)
    assert float(ranking_loss(abnormal, normal, 1.0, 0.0)) == pytest.approx(hinge + smooth, abs=1e-5)


def test_ranking_loss_is_nothing_but_constraints_beyond_the_margin():
    loss = ranking_loss(torch.tensor([[1.0, 1.0]]), torch.tensor([[0.0, 0.0]]))
    assert float(loss) == pytest.approx(8e-5 * 2)


def test_top_mean_takes_a_sixteenth_and_one_of_what_counts():
    scores = torch.arange(32.0)[None] / 100
    assert float(top_mean(scores, torch.ones(1, 32))) == pytest.approx((0.31 + 0.30 + 0.29) / 3)
    counted = torch.ones(1, 32)
    counted[:, 20:] = 0  # 20 are left: two of them
    assert float(top_mean(scores, counted)) == pytest.approx((0.19 + 0.18) / 2)
    one = torch.zeros(1, 32)
    one[:, 5] = 1
    assert float(top_mean(scores, one)) == pytest.approx(0.05)


def test_top_k_loss_by_hand():
    scores = torch.tensor([[0.9, 0.1], [0.2, 0.1]])
    loss = top_k_loss(scores, torch.tensor([1.0, 0.0]), torch.ones(2, 2))
    assert float(loss) == pytest.approx(-(math.log(0.9) + math.log(0.8)) / 2)


def test_snippet_loss_weighs_a_long_bag_no_more_than_a_short_one():
    scores = torch.tensor([[0.5, 0.5, 0.5, 0.5], [0.9, 0.2, 0.2, 0.2]])
    counted = torch.tensor([[1.0, 1, 1, 1], [1, 0, 0, 0]])
    loss = snippet_loss(scores, torch.tensor([[0.0, 0, 0, 0], [1, 0, 0, 0]]), counted)
    assert float(loss) == pytest.approx((math.log(2) - math.log(0.9)) / 2)


def test_a_peak_needs_prominence():
    curve = np.full(21, 0.1)
    curve[10] = 0.25
    assert find_peaks(curve) == []
    curve[10] = 0.35
    assert find_peaks(curve) == [(10, 10)]
    curve[4] = 0.9
    assert find_peaks(curve) == [(4, 4), (10, 10)]


def test_a_long_event_is_one_peak_though_it_saturates():
    curve = np.full(60, 0.05)
    curve[20:45] = 0.97
    curve[28] = 0.9
    assert find_peaks(curve) == [(20, 44)]


def test_a_flat_curve_has_no_peak_and_one_at_the_edge_has_one_flank():
    assert find_peaks(np.full(30, 0.9)) == []
    assert find_peaks(np.zeros(30)) == []
    curve = np.full(30, 0.1)
    curve[:6] = 0.8
    assert find_peaks(curve) == [(0, 5)]
    assert find_peaks(np.array([0.9])) == []


def test_targets_have_width_in_snippets_not_in_scores():
    """Read literally, sigma is a deviation of scores: the neighbour of the peak would get 2e-10 and teach nothing."""
    curve = np.full(40, 0.05)
    curve[15:24] = [0.6, 0.85, 0.9, 0.92, 0.95, 0.92, 0.9, 0.85, 0.6]
    target = render_targets(curve)
    assert target[19] == pytest.approx(1)
    literal = math.exp(-1 / (2 * 0.15**2))
    assert literal < 1e-9
    assert target[18] > 0.9 and target[20] > 0.9
    assert target[16] > 0.5
    assert target[:13].max() == 0 and target[26:].max() == 0


def test_targets_by_hand():
    curve = np.full(11, 0.0)
    curve[4:7] = [0.95, 1.0, 0.95]
    # run 4..6, centre 5; widened to 3..7 while it falls; the mask leaves 3 snippets: sigma 1.5
    expected = math.exp(-1 / (2 * 1.5**2))
    assert render_targets(curve)[3:8] == pytest.approx([0, expected, 1, expected, 0])


def test_targets_stay_within_one_where_peaks_meet():
    curve = np.zeros(30)
    curve[10:13], curve[14:17] = 0.9, 0.9
    target = render_targets(curve)
    assert 0.99 < target.max() <= 1


def test_batches_render_only_what_counts():
    curves = np.zeros((1, 20))
    curves[0, 12], curves[0, 3] = 0.9, 0.9
    counted = np.zeros((1, 20))
    counted[0, 8:] = 1
    targets = render_batch(curves, counted)
    assert targets[0, 12] == 1 and targets[0, :8].max() == 0


def test_an_abnormal_bag_without_a_peak_is_not_taught_to_be_normal():
    flat = torch.full((1, 10), 0.6, requires_grad=True)
    ones = torch.ones(1, 10)
    batch = (torch.zeros(1, 10, 2), ones, ones, torch.tensor([1.0]))
    assert float(curve_loss(flat, batch, splat=True)) == pytest.approx(float(curve_loss(flat, batch, splat=False)))
    normal = (*batch[:3], torch.tensor([0.0]))
    assert float(curve_loss(flat, normal, splat=True)) == pytest.approx(2 * float(curve_loss(flat, normal, splat=False)))


def test_pasted_normal_snippets_count_as_normal_and_not_for_the_top():
    scores = torch.tensor([[0.9, 0.9, 0.2, 0.2]])
    unknown = torch.tensor([[0.0, 0.0, 1.0, 1.0]])
    batch = (torch.zeros(1, 4, 2), torch.ones(1, 4), unknown, torch.tensor([1.0]))
    assert float(curve_loss(scores, batch, splat=False)) == pytest.approx(-math.log(0.2))
    # no peak among the unknown ones: only the two known normal snippets have targets, 0
    assert float(curve_loss(scores, batch, splat=True)) == pytest.approx(-math.log(0.2) - math.log(0.1), abs=1e-4)

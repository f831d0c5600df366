"""Figures against hand-computed values and the controls that every report carries."""

import numpy as np
import pytest

from vedette_training.data import frame_scores
from vedette_training.metrics import auc, average_precision, detection_figures


def test_auc_counts_ties_one_half():
    assert auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1])) == pytest.approx(0.75)
    assert auc(np.array([0.5, 0.5, 0.5]), np.array([0, 1, 1])) == 0.5
    assert np.isnan(auc(np.array([1.0, 2.0]), np.array([1, 1])))


def test_average_precision_is_step_wise_and_accepts_ties_together():
    assert average_precision(np.array([0.9, 0.8, 0.7]), np.array([1, 0, 1])) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert average_precision(np.array([0.5, 0.5, 0.5, 0.5]), np.array([1, 0, 0, 0])) == 0.25
    assert np.isnan(average_precision(np.array([1.0]), np.array([0])))


def test_a_video_classifier_without_localisation_has_half_in_auc_a():
    truths = [np.array([0, 0, 1, 1, 0]), np.zeros(5, int), np.array([1, 0, 0, 0, 0])]
    scores = [np.full(5, float(t.any())) for t in truths]
    figures = detection_figures(scores, truths)
    assert figures["auc"] == figures["aucVideoOracle"] > 0.7
    assert figures["aucAbnormal"] == 0.5
    assert figures["apAbnormal"] == pytest.approx(0.3)


def test_scores_are_repeated_over_frames_and_the_last_is_stretched():
    assert frame_scores(np.zeros(8), np.array([0.1, 0.9]), 3).tolist() == [0.1] * 3 + [0.9] * 5
    assert frame_scores(np.zeros(4), np.array([0.1, 0.9]), 3).tolist() == [0.1] * 3 + [0.9]

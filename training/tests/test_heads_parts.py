"""Parameter counts, causality and the pieces of the heads."""

import numpy as np
import pytest
import torch

from vedette_training.calibrate import alarm_map
from vedette_training.clusters import k_means
from vedette_training.heads_gs_moe import GsMoeConfig, GsMoeHead
from vedette_training.heads_mil import MilConfig, MilHead, trailing_mean
from vedette_training.scoring import over_time, score_video

EXPERTS = ("arson", "fight")


def parameters(model) -> int:
    return sum(p.numel() for p in model.parameters())


def gs_moe(**options) -> GsMoeHead:
    torch.manual_seed(3)
    config = GsMoeConfig(dims=12, hidden=16, attention_heads=2, attention_window=6, **{"experts": EXPERTS, **options})
    model = GsMoeHead(config).eval()
    # a bias of zeros would hide a wrong distance, a gate of zeros a wrong gate
    for block in model.blocks:
        torch.nn.init.normal_(block.distance_bias)
    torch.nn.init.normal_(model.gate[2].weight)
    if config.style_rank:
        torch.nn.init.orthogonal_(model.style_directions)
        torch.nn.init.uniform_(model.style_gains)
    return model


def mil() -> MilHead:
    torch.manual_seed(3)
    return MilHead(MilConfig(dims=12)).eval()


@pytest.mark.parametrize("dims, expected", [(1024, 541_249), (4096, 2_114_113)])
def test_mil_has_the_published_number_of_parameters(dims, expected):
    assert parameters(MilHead(MilConfig(dims=dims))) == expected


def test_gs_moe_at_i3d_size_is_small():
    model = GsMoeHead(GsMoeConfig(dims=1024, experts=tuple(f"class-{i}" for i in range(13))))
    # conv 393,344; two blocks of 132,480 + 128 biases of distance; norm 256; coarse 8,321; experts 13 x 4,161; gate 5,038
    assert parameters(model) == 393_344 + 2 * (132_480 + 128) + 256 + 8_321 + 13 * 4_161 + 5_038 + 1
    assert model.window == 65


@pytest.mark.parametrize("build", [mil, gs_moe, lambda: gs_moe(experts=()), lambda: gs_moe(unit_length=True), lambda: gs_moe(style_rank=3), lambda: gs_moe(known_channel=11)])
def test_scores_of_a_prefix_are_those_of_the_whole(build):
    model = build()
    features = torch.randn(2, 50, 12)
    with torch.no_grad():
        whole = model(features, torch.ones(2, 50))
        for length in (1, 7, 33, 49):
            prefix = model(features[:, :length], torch.ones(2, length))
            assert torch.allclose(prefix, whole[:, :length], atol=1e-6, rtol=0)
        changed = features.clone()
        changed[:, 30:] += 100
        assert torch.equal(model(changed, torch.ones(2, 50))[:, :30], whole[:, :30])


@pytest.mark.parametrize("build", [mil, gs_moe, lambda: gs_moe(experts=()), lambda: gs_moe(style_rank=3), lambda: gs_moe(known_channel=11)])
def test_a_window_sees_all_that_a_score_depends_on_and_no_less(build):
    model = build()
    features = torch.randn(1, 60, 12)
    present = torch.ones(1, 60)
    present[:, 40:43] = 0
    features = features * present[..., None]
    window = model.window
    with torch.no_grad():
        whole = model(features, present)
        for newest in range(60):
            held = min(window, newest + 1)
            part, there = torch.zeros(1, window, 12), torch.zeros(1, window)
            part[:, window - held :] = features[:, newest + 1 - held : newest + 1]
            there[:, window - held :] = present[:, newest + 1 - held : newest + 1]
            score, _ = model.newest(part, there)
            assert score.shape == (1, 1)
            assert abs(float(score) - float(whole[0, newest])) < 1e-5
        shorter = torch.zeros(1, window, 12)
        shorter[:, 1:] = features[:, 61 - window :]
        oldest = torch.ones(1, window)
        oldest[:, 0] = 0
        assert abs(float(model.newest(shorter, oldest)[0]) - float(whole[0, -1])) > 0


def test_what_a_missing_snippet_holds_does_not_matter():
    for model in (mil(), gs_moe()):
        features = torch.randn(1, model.window, 12)
        present = torch.ones(1, model.window)
        present[:, :2] = 0
        other = features.clone()
        other[:, :2] = 50
        assert torch.equal(model.newest(features, present)[0], model.newest(other, present)[0])


def test_a_window_without_any_snippet_gives_a_number():
    for model in (mil(), gs_moe()):
        score, _ = model.newest(torch.zeros(1, model.window, 12), torch.zeros(1, model.window))
        assert torch.isfinite(score).all()


def test_trailing_mean_counts_what_is_there():
    features = torch.tensor([[[1.0], [3.0], [99.0], [5.0]]])
    present = torch.tensor([[1.0, 1.0, 0.0, 1.0]])
    assert trailing_mean(features, present, 3)[0, :, 0].tolist() == [1.0, 2.0, 2.0, 4.0]


def test_long_videos_scored_in_chunks_equal_one_run_and_crops_are_averaged():
    model = gs_moe()
    features = np.random.default_rng(0).normal(size=(90, 2, 12)).astype(np.float32)
    chunked = over_time(model, features, model.window, chunk=25)
    with torch.no_grad():
        one = model(torch.from_numpy(features.transpose(1, 0, 2)), torch.ones(2, 90)).mean(dim=0).numpy()
    assert np.allclose(chunked, one, atol=1e-6)
    assert np.allclose(score_video(model, features), one, atol=1e-6)


def test_calibration_puts_the_alarm_quantile_of_normal_snippets_at_zero():
    logits = np.linspace(-8, 2, 10_001)
    centre, slope = alarm_map(logits)
    assert centre == pytest.approx(1.9)
    assert slope * (-3 - centre) == pytest.approx(-np.log(99))
    assert slope > 0
    steep = alarm_map(np.full(100, -7.0))
    assert steep[0] == -7 and np.isfinite(steep[1])


def test_a_known_curve_is_the_mean_of_what_was_there_of_the_last_snippets_and_counts_before_the_gate():
    model = gs_moe(known_channel=5, known_window=4)
    features, present = torch.randn(1, 12, 12), torch.ones(1, 12)
    present[:, 6:8] = 0
    with torch.no_grad():
        hidden = model.encode(features, present)
        known = model.raw_logits(hidden)[0, :, -1]
        assert known[0] == pytest.approx(float(features[0, 0, 5]), abs=1e-6)
        assert known[5] == pytest.approx(float(features[0, 2:6, 5].mean()), abs=1e-6)
        assert known[9] == pytest.approx(float(features[0, 8:10, 5].mean()), abs=1e-6)
        # a gate that has learned nothing follows it
        torch.nn.init.zeros_(model.gate[2].weight)
        loud = features.clone()
        loud[:, 8:, 5] = 9
        assert (model(loud, present)[0, 11] > model(features, present)[0, 11] + 0.1).item()


def test_calibrated_experts_of_different_scales_agree_and_order_stays():
    model = gs_moe()
    random = np.random.default_rng(1)
    normal = random.normal(size=(5000, 3)) * [1.0, 10.0, 0.5] + [0.0, -20.0, 3.0]
    for index in range(3):
        model.calibration_centre[index], model.calibration_slope[index] = map(torch.tensor, alarm_map(normal[:, index]))
    mapped = torch.sigmoid(model.calibrated_logits(torch.from_numpy(normal).float())).numpy()
    assert np.allclose((mapped >= 0.5).mean(axis=0), 0.01, atol=0.002)
    assert (np.argsort(mapped[:500, 1]) == np.argsort(normal[:500, 1].astype(np.float32), kind="stable")).mean() > 0.99


def test_k_means_finds_separate_clusters_and_repeats():
    random = np.random.default_rng(0)
    points = np.concatenate([random.normal(size=(20, 4)) + 10 * centre for centre in np.eye(4)[:3]])
    owner = k_means(points, 3, seed=5)
    assert [len(set(owner[i : i + 20])) for i in (0, 20, 40)] == [1, 1, 1]
    assert len(set(owner)) == 3
    assert (k_means(points, 3, seed=5) == owner).all()

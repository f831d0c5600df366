"""The benchmark with planted truth, small: the generator is what it says, and the whole head localises."""

import numpy as np

from vedette_training.planted import run_benchmark, table
from vedette_training.planted_bags import PlantedConfig, event_snippets, planted_dataset


def test_events_last_as_those_of_ucf_crime():
    random = np.random.default_rng(0)
    seconds = np.array([event_snippets(random) for _ in range(20_000)]) * 0.5
    measured = np.quantile(seconds, [0.05, 0.25, 0.5, 0.75, 0.95])
    assert np.allclose(measured, [2.0, 4.0, 8.0, 16.7, 72.5], rtol=0.08)


def test_a_world_is_made_by_its_seed_and_normal_videos_hold_no_truth():
    config = PlantedConfig(classes=2, train_by_class=3, test_by_class=2, dims=16)
    one, two, other = (planted_dataset(config, seed) for seed in (1, 1, 2))
    assert len(one.of("train")) == 12 and len(one.of("test")) == 8
    for left, right in zip(one.videos, two.videos):
        assert (left.load() == right.load()).all()
    assert (one.videos[0].load()[:10] != other.videos[0].load()[:10]).any()
    for video in one.videos:
        features = video.load()
        assert features.min() >= 0 and len(features) == len(video.truth)
        assert video.truth.any() == video.abnormal


def test_the_whole_head_finds_planted_events_in_time():
    """Of weak labels alone. Without localisation AUC_A would be 0.5; the order of the heads is the benchmark's to tell."""
    results = run_benchmark(range(1), ["gs-moe"])
    print(table(results))
    assert results["gs-moe"]["aucAbnormal"][0] > 0.75
    assert results["gs-moe"]["auc"][0] > 0.75

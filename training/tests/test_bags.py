"""Bags, segments and synthesis."""

from __future__ import annotations

import numpy as np
import pytest

from vedette_training.bags import BagConfig, BagSource, segments_of, stack
from vedette_training.data import DataError, Video, hold_out_groups


def video(name: str, label: str, length: int, value: float, group: str | None = None) -> Video:
    features = np.full((length, 1, 3), value, np.float32)
    return Video(name=name, label=label, group=group or name, split="train", load=lambda: features)


def source(seed: int = 0, longest: int = 60, synthesis: bool = True, abnormal_length: int = 10) -> BagSource:
    videos = [video(f"n{i}", "normal", 30 + i, -1.0 - i) for i in range(12)]
    videos += [video(f"a{i}", "fight", abnormal_length, 1.0 + i) for i in range(6)]
    return BagSource(videos, BagConfig(longest, synthesis), np.random.default_rng(seed))


def test_segments_are_sultanis():
    """64 clips: boundaries round(linspace(1, 64, 33)) in the authors' count, the last segment includes its end."""
    features = np.arange(64, dtype=np.float32)[:, None]
    segments = segments_of(features)
    edges = np.floor(np.linspace(1, 64, 33) + 0.5)
    assert segments.shape == (32, 1)
    assert segments[0, 0] == pytest.approx(np.mean(np.arange(edges[0] - 1, edges[1] - 1)))
    assert segments[-1, 0] == pytest.approx(np.mean(np.arange(edges[31] - 1, 64)))


def test_a_video_shorter_than_the_bag_repeats_clips():
    features = np.arange(4, dtype=np.float32)[:, None]
    segments = segments_of(features)[:, 0]
    assert segments.shape == (32,)
    assert set(segments) == {0.0, 1.0, 2.0, 3.0}
    assert (np.diff(segments) >= 0).all()


def test_an_abnormal_bag_holds_its_video_whole_among_normal_ones():
    bags = source()
    sizes = set()
    for _ in range(200):
        bag = bags.abnormal_bag()
        assert bag.abnormal and len(bag.features) <= 60
        assert bag.unknown.sum() == 10
        inside = np.flatnonzero(bag.unknown)
        assert (np.diff(inside) == 1).all()
        assert (bag.features[inside] > 0).all() and (bag.features[bag.unknown == 0] < 0).all()
        sizes.add(len(bag.features))
    assert len(sizes) > 10


def test_three_in_ten_bags_stay_single_and_others_hold_up_to_five():
    bags = source()
    counts = []
    for _ in range(1000):
        values = bags.abnormal_bag().features[:, 0]
        counts.append(1 + int((np.diff(values) != 0).sum()))
    assert np.mean(np.array(counts) == 1) == pytest.approx(0.3, abs=0.05)
    assert max(counts) == 5
    assert len(source(synthesis=False).abnormal_bag().features) == 10


def test_a_normal_bag_is_normal_throughout():
    bags = source()
    for _ in range(100):
        bag = bags.normal_bag()
        assert not bag.abnormal and (bag.features < 0).all() and 1 <= len(bag.features) <= 60


def test_long_abnormal_videos_are_pooled_and_normal_ones_as_often():
    bags = source(longest=20, abnormal_length=35)
    assert len(bags.abnormal_bag().features) <= 20
    assert bags.stretches == [2] * 6


def test_the_same_seed_draws_the_same_bags():
    one, two, other = source(4), source(4), source(5)
    first = [one.abnormal_bag().features.sum() for _ in range(20)]
    assert first == [two.abnormal_bag().features.sum() for _ in range(20)]
    assert first != [other.abnormal_bag().features.sum() for _ in range(20)]


def test_shorter_bags_are_missing_at_their_start():
    bags = source()
    features, present, unknown = stack([bags.abnormal_bag() for _ in range(8)])
    for row in range(8):
        length = int(present[row].sum())
        assert present[row, -length:].all() and not present[row, : present.shape[1] - length].any()
        assert (features[row, present[row] == 0] == 0).all()
        assert unknown[row].sum() == 10
    assert present[:, -1].all()


def test_training_needs_both_sides():
    with pytest.raises(DataError, match="normal and abnormal"):
        BagSource([video("a", "fight", 5, 1.0)], BagConfig(), np.random.default_rng(0))


def test_groups_are_held_out_whole_and_every_label_by_itself():
    labels = [label for label in ("normal", "fight") for _ in range(30)]
    videos = [video(f"v{i}", label, 5, 1.0, group=f"{label}-{i // 3}") for i, label in enumerate(labels)]
    fit, held = hold_out_groups(videos, 0.2, seed=1)
    assert not {v.group for v in fit} & {v.group for v in held}
    assert len(fit) + len(held) == 60
    assert sorted({v.group.split("-")[0] for v in held}) == ["fight", "normal"]
    assert len({v.group for v in held}) == 4
    assert [v.name for v in hold_out_groups(videos, 0.2, seed=1)[1]] == [v.name for v in held]


def test_a_label_with_a_single_group_stays_in_training():
    videos = [video("only", "arson", 5, 1.0), *[video(f"n{i}", "normal", 5, 1.0) for i in range(4)]]
    fit, held = hold_out_groups(videos, 0.5, seed=0)
    assert "only" in {v.name for v in fit}
    assert len(held) == 2

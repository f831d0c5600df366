"""The nets of src/score/figures: views in, a small net that finds the strange figure among ordinary ones, TypeScript out."""

import json
import re

import numpy as np
import pytest
import torch

from vedette_training.figures.export import write_module
from vedette_training.figures.invented import WrongWays
from vedette_training.figures.net import FigureNet, FitConfig, fit, score_all, segment_logits
from vedette_training.figures.report import alarm_statistic, calibrate, find_events, lasting, recall_by_kind, smooth, statistic_of
from vedette_training.figures.targets import moving_targets, standing_targets
from vedette_training.figures.train import main
from vedette_training.figures.views import gather, read_folder

FIELDS = ["speed", "course", "seconds", "age", "known", "path-course", "lasting-course"]
EVENTS = [("runner", 400.0, 406.0), ("left-bag", 600.0, 640.0), ("fall", 800.0, 830.0), ("intruder", 860.0, 880.0)]


def figure(speed: float, course: float, stands: float = 0.0) -> list:
    """Followed for three seconds in a place that twenty references are known of."""
    return [speed, course, stands, 2.0, 3.0, course, course]


def write_camera(folder, name: str, seed: int) -> None:
    """Half an hour of learning and a quarter of an hour of life; an event's strange figure is odd in speed and course at once."""
    random = np.random.default_rng(seed)
    views, segments = [], []
    for index in range(1200 + 1800):
        learning = index < 1200
        seconds = index * 1.5 if learning else 1800 + (index - 1200) * 0.5
        since = seconds - 1800
        label = next((n + 1 for n, (_, start, end) in enumerate(EVENTS) if not learning and start <= since <= end), 0)
        figures = [figure(*random.normal(size=2)) for _ in range(random.integers(0, 4))]
        if random.random() < 0.1:
            figures.append(figure(*random.normal(size=2), stands=1.0))
        if label == 1 or (label == 3 and since < 802):
            figures.append(figure(5.0, 5.0))
        if label == 2 or (label == 3 and since >= 802):
            figures.append(figure(4.0, 0.0, stands=1.0))
        if label == 4:
            figures.append(figure(4.0, 0.0, stands=1.0 if 865 <= since <= 875 else 0.0))
        segments.append([seconds, len(views), len(figures), label, float(learning)])
        views.extend(figures)
    np.save(folder / f"{name}.views.npy", np.array(views, np.float32))
    np.save(folder / f"{name}.segments.npy", np.array(segments, np.float32))
    events = [{"kind": kind, "startSecond": 1800 + start, "endSecond": 1800 + end} for kind, start, end in EVENTS]
    told = {"kind": "street", "seed": seed, "fields": FIELDS, "events": events}
    (folder / f"{name}.json").write_text(json.dumps(told))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("views")
    for seed in range(3):
        write_camera(path, f"street-{seed}-from9-2.00h", seed)
    return path


def test_views_come_back_segment_by_segment(folder):
    cameras = read_folder(folder)
    assert [camera.name for camera in cameras] == ["street-0-from9-2.00h", "street-1-from9-2.00h", "street-2-from9-2.00h"]
    bags = gather(cameras, "moving", moving_targets())
    assert bags.lengths == [3000] * 3
    segments = np.flatnonzero(bags.count > 1)[:50]
    rows, where = bags.figures_of(segments)
    assert len(rows) == bags.count[segments].sum()
    assert (np.bincount(where) == bags.count[segments]).all()
    assert bags.views[rows][:, 2].max() == 0
    standing = gather(cameras, "standing", standing_targets())
    assert (standing.views[:, 2] > 0).all()


def test_each_sort_is_asked_for_its_own_events(folder):
    camera = read_folder(folder)[0]
    moving, weight = moving_targets()(camera)
    assert (moving[camera.label == 1] == 1).all()
    assert (moving[camera.label == 2] == -1).all()
    fall = camera.seconds - camera.events[2].start
    assert (moving[(camera.label == 3) & (fall > 3)] == -1).all()
    assert weight[moving == 1].sum() == pytest.approx(3)
    standing, _ = standing_targets()(camera)
    assert (standing[camera.label == 2] == 1).all() and (standing[camera.label == 1] == -1).all()
    stops = camera.seconds[(camera.label == 4) & (standing == 1)] - camera.events[3].start
    assert stops.min() == 8 and stops.max() == 12, "he stands in the middle of his time, and walks at its ends"
    assert not (moving_targets(without=["runner", "fall", "intruder"])(camera)[0] == 1).any()


def test_a_net_learns_from_weak_labels_and_finds_the_events_of_another_camera(folder):
    cameras = read_folder(folder)
    net = fit(gather(cameras[:2], "moving", moving_targets()), FitConfig(steps=150), seed=1)
    bags = gather(cameras[2:], "moving", moving_targets())
    statistics = [statistic_of(camera, own) for camera, own in zip(cameras[2:], bags.split(score_all(net, bags)))]
    _, found = find_events(cameras[2:], statistics, false_alarms=1)
    assert recall_by_kind(found)["runner"] == (1, 1)
    again = fit(gather(cameras[:2], "moving", moving_targets()), FitConfig(steps=150), seed=1)
    assert all(torch.equal(a, b) for a, b in zip(net.state_dict().values(), again.state_dict().values()))


def test_who_goes_where_nobody_goes_is_strange_whatever_else_he_is_like(folder):
    bags = gather(read_folder(folder), "moving", moving_targets())
    ordinary = figure(0.0, 0.0)
    wrong_way = figure(0.0, 6.5)
    logits = {
        invented: fit(bags, FitConfig(steps=150, invented=invented), seed=1)(torch.tensor([ordinary, wrong_way])).tolist() for invented in (0, 32)
    }
    assert logits[32][1] > 0 > logits[32][0]
    assert logits[32][1] > logits[0][1] + 1, "the days themselves hold none"


def test_an_invented_wrong_way_is_an_ordinary_passage_but_for_its_course(folder):
    bags = gather(read_folder(folder), "moving", moving_targets())
    drawn = WrongWays(bags, np.flatnonzero(bags.target == 0)).draw(200, np.random.default_rng(1))
    courses = [FIELDS.index(name) for name in ("course", "path-course", "lasting-course")]
    rest = [place for place in range(len(FIELDS)) if place not in courses]
    ordinary = {tuple(view) for view in bags.views[:, rest].tolist()}
    assert all(tuple(view) in ordinary for view in drawn[:, rest].tolist())
    # of the twenty references, ten at least are as large: -ln(0.02 / 11) is 6.3, as far as the running means have come
    assert drawn[:, courses].min() > 0.5 * 6.3 and drawn[:, courses].max() < np.log((np.exp(3) + 1) / 0.02)
    with pytest.raises(ValueError, match="no ordinary figure"):
        WrongWays(bags, np.zeros(0, np.int64))


def test_the_strangest_figure_speaks_for_its_segment(folder):
    bags = gather(read_folder(folder), "moving", moving_targets())
    net = FigureNet(np.zeros(len(FIELDS)), np.ones(len(FIELDS)), (3,))
    segments = np.array([int(np.flatnonzero(bags.count == 0)[0]), int(np.flatnonzero(bags.count == 3)[0])])
    logits = segment_logits(net, bags, segments)
    assert logits[0] == -8
    own = net(torch.from_numpy(bags.views[bags.first[segments[1]] :][:3]))
    assert logits[1] == own.max()


def test_calibration_is_a_tail_probability_and_the_statistic_wants_three_of_four():
    history = np.random.default_rng(0).exponential(size=2000)
    surprise = calibrate(history, np.array([0.0, np.quantile(history, 0.5), np.quantile(history, 0.9), 10.0]))
    assert surprise[0] == pytest.approx(0, abs=0.01)
    assert surprise[1] == pytest.approx(np.log(2), abs=0.05)
    assert surprise[2] == pytest.approx(np.log(10), abs=0.05)
    q90 = np.quantile(history, 0.9)
    excess = (history[history > q90] - q90).mean()
    # widened by the standard error of two hundred values, three of which count as one
    assert surprise[3] == pytest.approx(np.log(10) + (10 - q90) / (excess * (1 + np.sqrt(3 / 200))), abs=0.1)
    assert alarm_statistic(smooth(np.array([0, 0, 9, 9, 0, 0.0]))).max() < 5
    assert alarm_statistic(smooth(np.array([0, 9, 9, 9, 9, 0.0])))[4] == 9


def test_what_stands_is_judged_by_its_last_seconds():
    means = lasting(np.array([-8.0] * 20 + [5.0] * 20 + [-8.0]))
    assert means[0] == means[19] == -3, "how well all is, is no news"
    assert means[20] == pytest.approx(-3 + 0.15 * 8, abs=0.1)
    assert 4 < means[39] < 5
    assert means[40] > 2.5, "a moment does not hide it"


def test_what_is_written_is_the_net(tmp_path):
    torch.manual_seed(0)
    net = FigureNet(np.arange(7.0), np.full(7, 2.0), (3,))
    write_module(tmp_path / "figure-weights.ts", {"MOVING_NET": net}, FIELDS)
    text = (tmp_path / "figure-weights.ts").read_text()
    assert "['speed', 'course', 'seconds', 'age', 'known', 'path-course', 'lasting-course']" in text
    weights = re.search(r"weights: \[([^\]]+)\]", text).group(1).split(", ")
    assert np.allclose([float(w) for w in weights], net.layers[0].weight.detach().numpy().ravel(), atol=1e-4)


def test_the_command_writes_a_module_and_looks_for_kinds_that_it_never_saw(folder, tmp_path, capsys):
    module = tmp_path / "weights.ts"
    assert main(["--views", str(folder), "--check", str(folder), "--steps", "60", "--out", str(module)]) == 0
    assert "STANDING_NET" in module.read_text()
    assert main(["--views", str(folder), "--check", str(folder), "--steps", "60", "--unseen"]) == 0
    assert "runner: never seen in training, found 3 of 3" in capsys.readouterr().out

"""From features to a pack: training, resume, export, and the graph in the runtime that the service uses."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from vedette_training import export, train
from vedette_training.data import load_own, write_own
from vedette_training.export import export_graph
from vedette_training.fit import FitConfig, choose_threshold, fit
from vedette_training.heads_gs_moe import GsMoeConfig, GsMoeHead
from vedette_training.planted_bags import PlantedConfig, planted_dataset
from vedette_training.run import load_head
from vedette_training.scoring import score_video
from vedette_training.trainer import TrainConfig

TESTS = Path(__file__).parent
REPOSITORY = TESTS.parent.parent
WORLD = PlantedConfig(classes=2, train_by_class=6, test_by_class=3, dims=16)
RECIPE = {
    "model": {"hidden": 16, "attention_heads": 2, "attention_window": 6, "style_rank": 4},
    "train": {"steps": 24, "batch": 3, "evaluate_every": 4, "longest_bag": 40, "average": 0.8},
}


@pytest.fixture(scope="module")
def features(tmp_path_factory) -> Path:
    """A planted data set in the own layout."""
    folder = tmp_path_factory.mktemp("features")
    videos = planted_dataset(WORLD, 1).videos
    rows = [
        {"video": v.name, "label": v.label, "group": v.group, "split": v.split, "seconds_per_snippet": 0.5} for v in videos
    ]
    write_own(folder, rows, {v.name: v.load()[:80, 0] for v in videos})
    (folder / "truth").mkdir()
    for video in videos:
        if video.split == "test" and video.abnormal:
            np.save(folder / "truth" / f"{video.name}.npy", video.truth[:80])
    return folder


@pytest.fixture(scope="module")
def runs(features, tmp_path_factory) -> dict:
    """A run of each head by the command line."""
    folder = tmp_path_factory.mktemp("runs")
    made = {}
    for head in ("mil", "gs-moe"):
        recipe = folder / f"{head}.json"
        recipe.write_text(json.dumps({**RECIPE, "model": RECIPE["model"] if head == "gs-moe" else {}}))
        made[head] = folder / head
        arguments = ["--head", head, "--features", str(features), "--out", str(made[head]), "--seed", "3"]
        assert train.main([*arguments, "--config", str(recipe)]) == 0
    return made


def by_onnx_runtime(graph: Path, features: np.ndarray, present: np.ndarray, outputs: list, folder: Path) -> dict:
    """Outputs of the graph in onnxruntime-node for windows [N, W, D], present [N, W]."""
    features.astype(np.float32).tofile(folder / "features.bin")
    present.astype(np.float32).tofile(folder / "present.bin")
    request = {
        "inputs": {
            "features": {"type": "float32", "shape": features.shape, "file": str(folder / "features.bin")},
            "present": {"type": "float32", "shape": present.shape, "file": str(folder / "present.bin")},
        },
        "outputs": {name: str(folder / f"{name}.bin") for name in outputs},
    }
    done = subprocess.run(
        ["node", str(TESTS / "run_onnx.mjs"), str(graph), "1"],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        env={**os.environ, "ORT_DISABLE_TELEMETRY": "1"},
    )
    assert done.returncode == 0, done.stderr
    shapes = json.loads(done.stdout)["outputs"]
    return {name: np.fromfile(folder / f"{name}.bin", np.float32).reshape(shapes[name]) for name in outputs}


def windows_of(features: np.ndarray, window: int) -> tuple:
    """What the service feeds for each snippet of a video [T, D]: (windows [T, W, D], present [T, W])."""
    windows = np.zeros((len(features), window, features.shape[1]), np.float32)
    present = np.zeros((len(features), window), np.float32)
    for newest in range(len(features)):
        held = min(window, newest + 1)
        windows[newest, window - held :] = features[newest + 1 - held : newest + 1]
        present[newest, window - held :] = 1
    return windows, present


@pytest.mark.parametrize("head", ["mil", "gs-moe"])
def test_exported_windows_score_as_the_run_over_the_whole_video(head, runs, features, tmp_path):
    out = tmp_path / "test-head"
    arguments = ["--run", str(runs[head]), "--id", "test-head", "--extractor", "motion", "--extractor-version", "1.2.3"]
    assert export.main([*arguments, "--out", str(out), "--licence", "CC0-1.0"]) == 0
    manifest = json.loads((out / "pack.json").read_text())
    video = next(v for v in load_own(features).of("test") if v.abnormal).load()
    windows, present = windows_of(video[:, 0], manifest["features"]["window"])
    names = [manifest["output"]["name"], *([manifest["experts"]["name"]] if "experts" in manifest else [])]
    results = by_onnx_runtime(out / "test-head.onnx", windows, present, names, tmp_path)
    model, _ = load_head(runs[head] / "model.pt")
    whole = score_video(model, video)
    assert results["score"].shape == (len(video), 1)
    assert np.abs(results["score"][:, 0] - whole).max() < 1e-5
    assert 0 <= whole.min() and whole.max() <= 1 and whole.std() > 0
    if head == "gs-moe":
        assert manifest["experts"]["classes"] == ["class-1", "class-2"]
        assert results["experts"].shape == (len(video), 2)
        assert 0 <= results["experts"].min() and results["experts"].max() <= 1


@pytest.mark.parametrize("head", ["mil", "gs-moe"])
def test_the_service_accepts_the_manifest(head, runs, tmp_path):
    out = tmp_path / "test-head"
    arguments = ["--run", str(runs[head]), "--id", "test-head", "--extractor", "motion", "--extractor-version", "1.2.3"]
    export.main([*arguments, "--out", str(out)])
    script = (
        "import { readFileSync } from 'node:fs';"
        "import { parsePackManifest } from './src/infer/packs/pack-manifest.ts';"
        f"console.log(parsePackManifest('test-head', readFileSync({json.dumps(str(out / 'pack.json'))}, 'utf8')).kind);"
    )
    done = subprocess.run(
        ["node", "--import", "tsx", "--input-type=module", "-e", script], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.stdout.strip() == "head", done.stderr
    manifest = json.loads((out / "pack.json").read_text())
    assert manifest["files"][0]["sizeBytes"] == (out / "test-head.onnx").stat().st_size
    assert 0 < manifest["threshold"] < 1 and manifest["causal"] is True
    assert {"videoAuc", "auc", "aucAbnormal", "protocol", "seed"} <= set(manifest["measured"][0])


def test_the_graph_is_one_small_file_and_the_same_each_time(tmp_path):
    torch.manual_seed(0)
    model = GsMoeHead(GsMoeConfig(dims=64, experts=("a", "b")))
    for name in ("one", "two"):
        export_graph(model, tmp_path / f"{name}.onnx")
    assert (tmp_path / "one.onnx").read_bytes() == (tmp_path / "two.onnx").read_bytes()
    graph = onnx.load(str(tmp_path / "one.onnx"))
    onnx.checker.check_model(graph)
    weights = 4 * sum(p.numel() for p in model.parameters())
    assert (tmp_path / "one.onnx").stat().st_size < weights + 400_000
    assert [d.dim_param for d in graph.graph.input[0].type.tensor_type.shape.dim][0] == "batch"


def test_a_run_leaves_log_figures_and_picture(runs):
    for head, folder in runs.items():
        events = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
        stages = [event["name"] for event in events if event["event"] == "stage"]
        assert stages == (["ranking"] if head == "mil" else ["encoder", "experts", "gate"])
        assert all(np.isfinite(event["trainLoss"]) for event in events if event["event"] == "evaluation")
        summary = json.loads((folder / "summary.json").read_text())
        assert summary["videos"]["fit"] + summary["videos"]["heldOut"] == 24
        assert not (folder / "checkpoint.pt").exists()
        assert (folder / "training.png").is_file()


def recipe(seed: int = 3, **options) -> FitConfig:
    return FitConfig(head="gs-moe", seed=seed, model=RECIPE["model"], train=TrainConfig(**RECIPE["train"]), **options)


def test_a_run_killed_and_resumed_gives_the_same_weights(features, runs, tmp_path):
    dataset = load_own(features)
    assert fit(dataset, recipe(), tmp_path, stop_after=11) is None
    assert (tmp_path / "checkpoint.pt").is_file()
    assert fit(dataset, recipe(), tmp_path, stop_after=9) is None
    resumed = fit(dataset, recipe(), tmp_path)
    straight, _ = load_head(runs["gs-moe"] / "model.pt")
    for name, value in resumed.model.state_dict().items():
        assert torch.equal(value, straight.state_dict()[name]), name
    assert (tmp_path / "log.jsonl").read_text() == (runs["gs-moe"] / "log.jsonl").read_text()


def test_another_seed_gives_another_head(features, runs):
    other = fit(load_own(features), recipe(seed=4))
    straight, _ = load_head(runs["gs-moe"] / "model.pt")
    assert not torch.equal(other.model.embed.weight, straight.embed.weight)


def test_the_test_split_does_not_matter_to_training(features, runs):
    dataset = load_own(features)
    kept = type(dataset)(dataset.name, tuple(dataset.of("train")))
    alone = fit(kept, recipe())
    straight, _ = load_head(runs["gs-moe"] / "model.pt")
    assert torch.equal(alone.model.embed.weight, straight.embed.weight)
    assert alone.summary["test"] == {}


def test_without_class_names_experts_are_clusters(features):
    dataset = load_own(features)
    nameless = [v if not v.abnormal else type(v)(**{**v.__dict__, "label": "abnormal"}) for v in dataset.videos]
    fitted = fit(type(dataset)("nameless", tuple(nameless)), recipe(clusters=3))
    assert fitted.model.experts[0] == "cluster-1" and 1 <= len(fitted.model.experts) <= 3
    assert fit(dataset, recipe(experts="none")).model.experts == ()


def test_a_finished_run_is_left_and_other_options_are_refused(features, runs, capsys):
    before = (runs["mil"] / "model.pt").read_bytes()
    arguments = ["--head", "mil", "--features", str(features), "--out", str(runs["mil"]), "--seed", "3"]
    config = ["--config", str(runs["mil"].parent / "mil.json")]
    assert train.main([*arguments, *config]) == 0
    assert (runs["mil"] / "model.pt").read_bytes() == before
    assert train.main([*arguments, "--steps", "5", *config]) == 2
    assert "other options" in capsys.readouterr().err


def test_a_wrong_config_names_the_field(features, tmp_path, capsys):
    config = tmp_path / "config.json"
    for text, field in (('{"train": {"stepz": 5}}', "config.train.stepz"), ('{"splatting": 1}', "config.splatting")):
        config.write_text(text)
        arguments = ["--head", "mil", "--features", str(features), "--out", str(tmp_path / "run"), "--config", str(config)]
        assert train.main(arguments) == 2
        assert field in capsys.readouterr().err


def test_the_threshold_lies_in_the_widest_gap_between_the_sides(features):
    class Fixed:
        window = 1

        def eval(self):
            return self

        def __call__(self, values, present):
            return values[..., 0]

    dataset = planted_dataset(PlantedConfig(classes=1, train_by_class=3, test_by_class=1, dims=4), 0)
    videos = dataset.of("train")
    highest = iter([0.9, 0.8, 0.7, 0.3, 0.1, 0.2])
    flat = [type(v)(**{**v.__dict__, "load": (lambda s=s: np.full((4, 1, 1), s, np.float32))}) for v, s in zip(videos, highest)]
    threshold, accuracy = choose_threshold(Fixed(), flat)
    assert accuracy == 1 and threshold == pytest.approx(0.5)

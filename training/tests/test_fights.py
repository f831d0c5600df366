"""The fights pack: what its statistics tell apart, that its files are whole, run and agree with PyTorch and the card."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from vedette_training.fights.corpus import Clip
from vedette_training.fights.discriminant import fit_discriminant
from vedette_training.fights.encoder import DIMS, FightsEncoder, Whitening, fit_whitening, statistics_of
from vedette_training.fights.export import export_encoder
from vedette_training.fights.folds import fold_of_clips
from vedette_training.fights.learned import cross_fitted, learn
from vedette_training.fights.motion_maps import motion_maps, without_camera_motion
from vedette_training.fights.motion_statistics import CHANNELS, STATISTICS, motion_channels
from vedette_training.fights.streams import CLIPS_OF_STREAM, streams_of

TESTS = Path(__file__).parent
MODELS = TESTS.parent.parent / "models"


def texture(seed: int, size: tuple[int, int] = (200, 300)) -> np.ndarray:
    """A smooth random picture, 0 to 255."""
    noise = torch.from_numpy(np.random.default_rng(seed).random((1, 1, *size), dtype=np.float32))
    smooth = torch.nn.functional.avg_pool2d(noise, 9, 1, 4)[0, 0].numpy()
    return (smooth - smooth.min()) / (smooth.max() - smooth.min()) * 200 + 20


def moving(step: tuple[float, float], seed: int = 1) -> np.ndarray:
    """One segment, uint8 [1, 5, 160, 240], of a picture that moves `step` pixels (right, down) a frame."""
    picture = texture(seed)
    frames = [picture[20 - int(step[1] * k) :][:160, 30 - int(step[0] * k) :][:, :240] for k in range(5)]
    return np.stack(frames)[None].round().astype(np.uint8)


def maps_of(segments: np.ndarray) -> torch.Tensor:
    return motion_maps(torch.from_numpy(segments.astype(np.float32)) / 255)


@pytest.mark.parametrize("step", [(2, 0), (0, -2), (5, 3)])
def test_a_picture_that_moves_evenly_has_that_velocity_everywhere(step):
    maps = maps_of(moving(step))
    inner = maps[:, :, :2, 8:-8, 8:-8].mean((0, 1, 3, 4))
    assert inner.numpy() == pytest.approx(step, abs=0.35)


def test_a_still_picture_has_no_motion_and_nothing_left_over():
    maps = maps_of(moving((0, 0)))
    assert maps[:, :, :4].abs().max() < 1e-4


def test_motion_of_the_whole_picture_is_the_cameras_and_is_taken_off():
    maps = without_camera_motion(maps_of(moving((3, 1))))
    assert maps[:, :, :2, 8:-8, 8:-8].abs().mean() < 0.3


def test_parts_that_move_against_each_other_are_incoherent_and_one_that_travels_is_not():
    still = texture(2)[:160, :240]
    def scene(steps):
        frames = []
        for k in range(5):
            frame = still.copy()
            for number, (x, dx) in enumerate(steps):
                patch = texture(3 + number)[:40, :12]
                left = x + dx * k
                frame[60:100, left : left + 12] = patch
            frames.append(frame)
        return np.stack(frames)[None].astype(np.uint8)
    walking = motion_channels(without_camera_motion(maps_of(scene([(100, 3), (112, 3)]))))
    brawling = motion_channels(without_camera_motion(maps_of(scene([(100, 3), (124, -3)]))))
    assert brawling["incoherence5"].mean() > 1.3 * walking["incoherence5"].mean()


def test_channels_and_statistics_have_the_names_that_they_are_given():
    maps = maps_of(moving((1, 0)))
    assert tuple(sorted(motion_channels(maps))) == tuple(sorted(CHANNELS))
    assert statistics_of(moving((1, 0))).shape == (1, len(STATISTICS))
    assert DIMS == 25


def test_a_fight_channel_order_is_that_of_the_names():
    assert tuple(motion_channels(maps_of(moving((1, 0))))) == CHANNELS


def test_each_segment_is_encoded_by_itself():
    """Causal: neither what stands before nor what comes after changes a segment's features, bit for bit."""
    segments = np.concatenate([moving((1, 0), 1), moving((0, 2), 2), moving((3, 1), 3)])
    whole = statistics_of(segments)
    alone = np.concatenate([statistics_of(segments[i : i + 1]) for i in range(3)])
    assert np.allclose(whole, alone, atol=2e-5)
    later = statistics_of(np.concatenate([segments[:2], moving((5, 5), 9)]))
    assert np.array_equal(whole[:2], later[:2])


def test_whitening_gives_unit_covariance_and_a_fixed_sign():
    random = np.random.default_rng(0)
    rows = random.standard_normal((4000, 6)) @ random.standard_normal((6, 6))
    white = fit_whitening(rows)
    assert np.cov(white.apply(rows).T) == pytest.approx(np.eye(6), abs=0.12)
    again = fit_whitening(rows)
    assert np.array_equal(white.matrix, again.matrix)


def test_the_discriminant_finds_the_direction_that_made_the_labels():
    random = np.random.default_rng(0)
    rows = random.standard_normal((2000, 5))
    labels = (rows @ np.array([2.0, 0, -1, 0, 0]) + random.logistic(size=2000) > 0).astype(float)
    found = fit_discriminant(rows, labels, np.ones(2000), ridge=1.0)
    assert found.weights == pytest.approx([2, 0, -1, 0, 0], abs=0.25)


def made_up_clips(count: int = 60) -> list[Clip]:
    random = np.random.default_rng(5)
    def view(fight):
        return (random.standard_normal((4, 70)) + (0.3 if fight else 0)).astype(np.float32)
    return [
        Clip(f"clip{i}", i % 2 == 0, f"source{i // 3}", view(i % 2 == 0), tuple(view(i % 2 == 0) for _ in range(2)))
        for i in range(count)
    ]


def test_clips_of_one_source_are_never_on_both_sides():
    clips = made_up_clips()
    folds = fold_of_clips(clips, 5, 0)
    for source in {clip.group for clip in clips}:
        assert len({int(f) for f, clip in zip(folds, clips) if clip.group == source}) == 1
    assert np.bincount(folds).min() >= 8


def test_a_heads_training_features_come_from_a_discriminant_that_has_not_seen_the_source():
    clips = made_up_clips()
    learned = learn(clips)
    features = cross_fitted(clips, learned, 0)
    truth = np.array([clip.fight for clip in clips])
    seen = np.array([learned.features(clip.live)[:, -1].mean() for clip in clips])
    unseen = np.array([values[:, 0, -1].mean() for values in features])
    assert features[0].shape == (4, 3, DIMS)
    gap = lambda scores: scores[truth].mean() - scores[~truth].mean()  # noqa: E731
    assert gap(unseen) < gap(seen)


def test_streams_are_mostly_normal_and_each_holds_a_fight():
    fights = [True] * 5 + [False] * 5
    for stream in streams_of(fights, 30, np.random.default_rng(0)):
        assert len(stream) == CLIPS_OF_STREAM
        assert 1 <= sum(fights[i] for i in stream) <= 6


def test_the_graph_gives_pytorchs_features(tmp_path):
    random = np.random.default_rng(0)
    encoder = FightsEncoder(
        Whitening(np.full(70, -1.0), random.standard_normal((70, 70)) / 8),
        fit_discriminant(random.standard_normal((50, 70)), (random.random(50) > 0.5).astype(float), np.ones(50)),
    )
    export_encoder(encoder, tmp_path / "a.onnx")
    export_encoder(encoder, tmp_path / "b.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    segments = np.concatenate([moving((1, 0), 1), moving((4, 2), 2), moving((0, 0), 3)])
    with torch.no_grad():
        expected = encoder(torch.from_numpy(segments)).numpy()
    assert run_node(tmp_path / "a.onnx", segments, tmp_path) == pytest.approx(expected, abs=1e-3)


def run_node(model: Path, segments: np.ndarray, folder: Path) -> np.ndarray:
    segments.tofile(folder / "in.bin")
    command = ["node", str(TESTS / "test_fights_run.mjs"), str(model), str(folder / "in.bin"), str(folder / "out.bin"), str(len(segments))]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    timing = json.loads(done.stdout)
    print(f"{model.name}: {np.median(timing['runMs']):.1f} ms a segment, {np.median(timing['cpuMs']):.1f} ms of CPU")
    return np.fromfile(folder / "out.bin", np.float32).reshape(len(segments), -1)


# the packs that ship


@pytest.mark.parametrize("pack", ["fights-encoder", "fights"])
def test_the_shipped_files_are_those_of_the_manifest(pack):
    manifest = json.loads((MODELS / pack / "pack.json").read_text())
    for entry in manifest["files"]:
        content = (MODELS / pack / entry["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert len(content) == entry["sizeBytes"]


def test_the_shipped_encoder_runs_and_its_head_fits_it(tmp_path):
    features = run_node(MODELS / "fights-encoder" / "fights-encoder.onnx", moving((2, 1)), tmp_path)
    encoder = json.loads((MODELS / "fights-encoder" / "pack.json").read_text())
    head = json.loads((MODELS / "fights" / "pack.json").read_text())
    assert features.shape == (1, encoder["output"]["dims"][0]) and np.isfinite(features).all()
    assert head["extractor"] == encoder["id"] and head["extractorVersion"] == encoder["version"]
    assert head["features"]["dims"] == encoder["output"]["dims"][0]
    assert 0 < head["threshold"] < 1


def test_the_card_prints_the_figures_of_the_manifest():
    manifest = json.loads((MODELS / "fights" / "pack.json").read_text())
    card = (MODELS / "fights" / "MODEL_CARD.md").read_text()
    assert f"Threshold {manifest['threshold']}." in card
    rows = [re.split(r"\s*\|\s*", line.strip("| ")) for line in card.splitlines() if line.startswith(("| MIL", "| GS-MoE"))]
    figures = {row[0].split(" ")[0]: row[1:] for row in rows if len(row) == 5 and " to " in row[2]}
    for entry in manifest["measured"]:
        row = figures["MIL" if entry["head"] == "mil" else "GS-MoE"]
        assert row == [
            str(entry["auc"]),
            f"{entry['aucInterval'][0]} to {entry['aucInterval'][1]}",
            str(entry["accuracy"]),
            str(entry["streamsAucAbnormal"]),
        ]


def test_the_shipped_head_meets_the_bar():
    manifest = json.loads((MODELS / "fights" / "pack.json").read_text())
    shipped = next(entry for entry in manifest["measured"] if entry["shipped"])
    assert shipped["auc"] >= 0.85

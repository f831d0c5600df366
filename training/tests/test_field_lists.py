"""Every list format of the field, on small generated folders."""

from __future__ import annotations

import numpy as np
import pytest

from vedette_training.data import DataError, load_own, read_features, write_own
from vedette_training.field_lists import load_field


def save(path, length: int, crops: int | None = None, value: float = 0.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (length, 4) if crops is None else (length, crops, 4)
    np.save(path, np.full(shape, value, np.float32))


def by_name(dataset):
    return {video.name: video for video in dataset.videos}


def test_own_layout(tmp_path):
    rows = [
        {"video": "a", "label": "fight", "group": "g1", "split": "train", "seconds_per_snippet": 0.5},
        {"video": "b", "label": "Normal", "group": "", "split": "test", "seconds_per_snippet": 0.533},
    ]
    write_own(tmp_path, rows, {"a": np.ones((7, 4)), "b": np.ones((5, 2, 4))})
    (tmp_path / "truth").mkdir()
    np.save(tmp_path / "truth" / "b.npy", np.array([0, 1, 1, 0, 0]))
    videos = by_name(load_own(tmp_path))
    assert videos["a"].load().shape == (7, 1, 4) and videos["b"].load().shape == (5, 2, 4)
    assert videos["a"].abnormal and not videos["b"].abnormal
    assert (videos["a"].group, videos["b"].group) == ("g1", "b")
    assert videos["b"].truth.tolist() == [0, 1, 1, 0, 0] and videos["b"].seconds_per_snippet == 0.533


@pytest.mark.parametrize(
    "row, reason",
    [
        ("a,fight,g,validation,0.5", "split"),
        ("b,fight,g,train,0.5", "missing"),
        ("../a,fight,g,train,0.5", "missing"),
        ("a,,g,train,0.5", "must not be empty"),
    ],
)
def test_own_layout_names_what_is_wrong(tmp_path, row, reason):
    folder = tmp_path / "features"
    save(folder / "a.npy", 5)
    save(tmp_path / "a.npy", 5)
    (folder / "labels.csv").write_text("video,label,group,split,seconds_per_snippet\n" + row + "\n")
    with pytest.raises(DataError, match=reason) as error:
        load_own(folder)
    assert "labels.csv:2" in str(error.value)


def test_features_that_cannot_be_used_are_refused(tmp_path):
    np.save(tmp_path / "nan.npy", np.array([[1.0, np.nan]]))
    np.save(tmp_path / "flat.npy", np.ones(4))
    np.save(tmp_path / "pickle.npy", np.array([{}], dtype=object))
    (tmp_path / "text.npy").write_text("hello")
    for name in ("nan", "flat", "pickle", "text", "absent"):
        with pytest.raises(DataError, match=name):
            read_features(tmp_path / f"{name}.npy")


def ucf(folder):
    features, lists = folder / "features", folder / "lists"
    lists.mkdir()
    train = []
    for video in ("Abuse/Abuse001_x264", "RoadAccidents/RoadAccidents002_x264", "Training-Normal/Normal_Videos003_x264"):
        for crop in (1, 0):  # any order
            save(features / f"{video}__{crop}.npy", 9, value=crop)
            train.append(f"/home/somebody/ucf/{video}__{crop}.npy")
    test = []
    for video, length in (("Abuse028_x264", 10), ("Normal_Videos_003_x264", 6)):
        save(features / "test" / f"{video}_i3d.npy", length, crops=2)
        test.append(f"test/{video}_i3d.npy")
    (lists / "ucf-i3d.list").write_text("\n".join(train) + "\n")
    (lists / "ucf-i3d-test.list").write_text("\n".join(test))
    (lists / "Temporal_Anomaly_Annotation_for_Testing_Videos.txt").write_text(
        "Abuse028_x264.mp4  Abuse  16  47  100  101\nNormal_Videos_003_x264.mp4  Normal  -1  -1  -1  -1\n"
    )
    return features, lists


def test_ucf_crime(tmp_path):
    features, lists = ucf(tmp_path)
    videos = by_name(load_field("ucf-crime", features, lists))
    assert {name: video.label for name, video in videos.items()} == {
        "Abuse001": "Abuse",
        "RoadAccidents002": "RoadAccidents",
        "Normal_Videos003": "normal",
        "Abuse028": "Abuse",
        "Normal_Videos_003": "normal",
    }
    crops = videos["Abuse001"].load()
    assert crops.shape == (9, 2, 4) and crops[0, :, 0].tolist() == [0.0, 1.0]
    truth = videos["Abuse028"].truth
    assert len(truth) == 160 and np.flatnonzero(truth).tolist() == [*range(16, 48), 100, 101]
    assert videos["Normal_Videos_003"].truth.sum() == 0 and len(videos["Normal_Videos_003"].truth) == 96
    assert videos["Abuse001"].truth is None


def test_a_line_that_names_no_file_is_told(tmp_path):
    features, lists = ucf(tmp_path)
    (features / "Abuse" / "Abuse001_x264__0.npy").unlink()
    with pytest.raises(DataError, match=r"ucf-i3d.list:2: .*Abuse001_x264__0.npy"):
        load_field("ucf-crime", features, lists)


def test_crops_of_different_length_are_refused(tmp_path):
    features, lists = ucf(tmp_path)
    save(features / "Abuse" / "Abuse001_x264__0.npy", 8)
    with pytest.raises(DataError, match="crops differ"):
        by_name(load_field("ucf-crime", features, lists))["Abuse001"].load()


def test_xd_violence(tmp_path):
    features, lists = tmp_path / "features", tmp_path / "lists"
    lists.mkdir()
    names = {
        "train": [
            "Film.2001__#00-01-00_00-02-00_label_B1-B2-0",
            "Film.2001__#00-05-00_00-06-00_label_A",
            "v=abc__#1_label_G-0-0",
        ],
        "test": ["v=xyz__#1_label_B4-0-0", "Other.1999__#00-00-00_00-01-00_label_A"],
    }
    for split, videos in names.items():
        entries = []
        for video in videos:
            for crop in range(5):
                save(features / f"{video}__{crop}.npy", 8)
                entries.append(f"{video}__{crop}.npy")
        (lists / f"XD_{split.capitalize()}.list").write_text("\n".join(entries))
    (lists / "XD_Annotation.txt").write_text("v=xyz__#1_label_B4-0-0 0 15 32 33\n")
    videos = by_name(load_field("xd-violence", features, lists))
    assert len(videos) == 5
    first = videos["Film.2001__#00-01-00_00-02-00_label_B1-B2-0"]
    assert (first.label, first.group, first.load().shape) == ("B1", "Film.2001", (8, 5, 4))
    assert videos["Film.2001__#00-05-00_00-06-00_label_A"].label == "normal"
    assert videos["Film.2001__#00-05-00_00-06-00_label_A"].group == first.group
    assert np.flatnonzero(videos["v=xyz__#1_label_B4-0-0"].truth).tolist() == [*range(16), 32, 33]
    assert videos["Other.1999__#00-00-00_00-01-00_label_A"].truth.sum() == 0


def test_shanghaitech(tmp_path):
    features, lists = tmp_path / "features", tmp_path / "lists"
    (lists / "test_frame_mask").mkdir(parents=True)
    for name in ("01_0014", "04_0001", "01_001", "05_0024"):
        save(features / f"{name}_i3d.npy", 4, crops=10)
    (lists / "train.list").write_text("SH_Train/01_0014_i3d.npy 1\nSH_Train/01_001_i3d.npy 0\nSH_Train/05_0024_i3d.npy 1\n")
    (lists / "test.list").write_text("04_0001_i3d.npy 1.0\n")
    (lists / "relabel.list").write_text("01_0014 cycling\n04_0001 chasing,jumping\n")
    np.save(lists / "test_frame_mask" / "04_0001.npy", np.array([0] * 20 + [1] * 30))
    videos = by_name(load_field("shanghaitech", features, lists))
    labels = [videos[n].label for n in ("01_0014", "01_001", "05_0024", "04_0001")]
    assert labels == ["cycling", "normal", "abnormal", "chasing"]
    assert videos["04_0001"].truth.sum() == 30 and len(videos["04_0001"].truth) == 50


def test_an_abnormal_test_video_needs_its_times(tmp_path):
    features, lists = tmp_path / "features", tmp_path / "lists"
    lists.mkdir()
    save(features / "01_0014.npy", 4)
    (lists / "train.list").write_text("01_0014.npy 1")
    (lists / "test.list").write_text("01_0014.npy 1")
    with pytest.raises(DataError, match="temporal annotation"):
        load_field("shanghaitech", features, lists)


def test_missing_lists_are_named(tmp_path):
    with pytest.raises(DataError, match="Temporal_Anomaly_Annotation"):
        load_field("ucf-crime", tmp_path, tmp_path)

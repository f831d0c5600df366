"""The curves of a run as a picture, where matplotlib is installed."""

from __future__ import annotations

import json
from pathlib import Path


def plot_run(folder: Path) -> Path | None:
    """Draws training loss and held-out figures of `folder`/log.jsonl to training.png; None without matplotlib."""
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        return None
    events = [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    points = [event for event in events if event["event"] == "evaluation"]
    figure, (upper, lower) = pyplot.subplots(2, 1, sharex=True, figsize=(8, 6), layout="constrained")
    begun = 0
    for name in dict.fromkeys(point["stage"] for point in points):
        own = [point for point in points if point["stage"] == name]
        steps = [begun + point["step"] for point in own]
        (line,) = upper.plot(steps, [p["trainLoss"] for p in own], label=f"{name}: training loss")
        upper.plot(steps, [p["loss"] for p in own], "--", color=line.get_color(), label=f"{name}: held-out loss")
        lower.plot(steps, [p["videoAuc"] for p in own], color=line.get_color(), label=name)
        kept = max(own, key=lambda p: p["criterion"])
        lower.plot([begun + kept["step"]], [kept["videoAuc"]], "o", color=line.get_color())
        begun = steps[-1]
    upper.set_ylabel("loss")
    upper.legend()
    lower.set_xlabel("step")
    lower.set_ylabel("held-out video AUC (dot: kept)")
    lower.legend()
    path = folder / "training.png"
    # without the date that matplotlib would write, the same run gives the same picture
    figure.savefig(path, dpi=110, metadata={"Software": None})
    pyplot.close(figure)
    return path

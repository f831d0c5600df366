"""A training run's folder: config.json, log.jsonl, checkpoint.pt while it runs, model.pt when it is done."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

import torch
from torch import nn

from .heads_gs_moe import GsMoeConfig, GsMoeHead
from .heads_mil import MilConfig, MilHead

HEADS = {"mil": (MilConfig, MilHead), "gs-moe": (GsMoeConfig, GsMoeHead)}


class RunLog:
    """JSON lines, one an event; cut back to the checkpoint when a run is resumed."""

    def __init__(self, path: Path, keep_lines: int = 0) -> None:
        kept = path.read_text(encoding="utf-8").splitlines()[:keep_lines] if path.is_file() else []
        self.lines = len(kept)
        self._stream = path.open("w", encoding="utf-8")
        for line in kept:
            self._stream.write(line + "\n")

    def write(self, event: str, **fields: object) -> None:
        self._stream.write(json.dumps({"event": event, **fields}) + "\n")
        self._stream.flush()
        self.lines += 1

    def close(self) -> None:
        self._stream.close()


def save_atomically(value: object, path: Path) -> None:
    """torch.save beside, then rename: a run that is killed leaves the last whole file."""
    temporary = path.with_suffix(path.suffix + ".part")
    torch.save(value, temporary)
    os.replace(temporary, path)


def save_head(path: Path, model: nn.Module, extra: dict[str, object]) -> None:
    save_atomically({"head": model.kind, "config": asdict(model.config), "state": model.state_dict(), **extra}, path)


def load_head(path: Path) -> tuple[nn.Module, dict[str, object]]:
    """The trained head, in evaluation mode, and what stands beside it in model.pt."""
    stored = torch.load(path, map_location="cpu")
    config_type, head_type = HEADS[stored["head"]]
    fields = dict(stored["config"])
    if "experts" in fields:
        fields["experts"] = tuple(fields["experts"])
    model = head_type(config_type(**fields))
    model.load_state_dict(stored["state"])
    model.eval()
    return model, {key: value for key, value in stored.items() if key not in ("head", "config", "state")}

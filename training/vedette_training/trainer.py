"""The training loop: stages, early stopping on held-out groups, resume to the same numbers."""

from __future__ import annotations

import copy
import random as python_random
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from .data import Video
from .metrics import auc
from .run import RunLog, save_atomically
from .scoring import over_time


@dataclass(frozen=True)
class TrainConfig:
    """How long and how fast. `batch`: bags of each side. `steps`: of all stages together.

    learning_rate: UR-DMU's 1e-4 is for batches of 64 + 64 and widths of 512; a student of 128 with 16 + 16 bags needs
    fewer and larger steps. `patience`: evaluations without a better one before a stage ends.
    """

    steps: int = 1500
    batch: int = 16
    learning_rate: float = 5e-4
    weight_decay: float = 5e-4
    evaluate_every: int = 50
    patience: int = 8
    held_out_share: float = 0.2
    longest_bag: int = 200
    synthesis: bool = True
    average: float = 0.0


class Stage(Protocol):
    """One part of a schedule. `begin` runs once, before its first step, and may change the model's buffers."""

    name: str
    steps: int
    #: how much the held-out cross-entropy counts beside the AUC in choosing the best step
    entropy_weight: float

    def begin(self, model: nn.Module) -> None: ...
    def optimiser(self, model: nn.Module) -> torch.optim.Optimizer: ...
    def loss(self, model: nn.Module, step: int) -> Tensor: ...
    def before_evaluation(self, model: nn.Module) -> None: ...
    def curve(self, model: nn.Module, features: Tensor, present: Tensor) -> Tensor: ...


def make_deterministic(seed: int) -> None:
    """One seed for all generators, one thread, deterministic kernels: the same numbers on the same machine."""
    python_random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)


def top_mean_of(scores: np.ndarray) -> float:
    """A video's score: the mean of its top (T/16 + 1) snippets, as in the loss."""
    count = min(len(scores), len(scores) // 16 + 1)
    return float(np.sort(scores)[-count:].mean())


def held_out_figures(stage: Stage, model: nn.Module, videos: Sequence[Video]) -> dict[str, float]:
    """Video AUC and cross-entropy of held-out training videos, and the criterion that a stage keeps its best by.

    The AUC of a few dozen videos moves in steps and is soon 1; the cross-entropy, at the stage's weight, decides then.
    """
    model.eval()
    scores = np.array(
        [top_mean_of(over_time(lambda f, p: stage.curve(model, f, p), v.load(), model.window)) for v in videos]
    )
    truth = np.array([v.abnormal for v in videos], dtype=float)
    clipped = np.clip(scores, 1e-6, 1 - 1e-6)
    entropy = -np.where(truth > 0, np.log(clipped), np.log(1 - clipped))
    # both labels weigh the same, however many videos bear them
    loss = float(np.mean([entropy[truth == side].mean() for side in (0, 1) if (truth == side).any()]))
    area = auc(scores, truth)
    area = 0.5 if np.isnan(area) else area
    return {"videoAuc": area, "loss": loss, "criterion": area - stage.entropy_weight * min(loss, 1.0)}


class Trainer:
    """Runs stages one after the other, each begun from the best of the one before."""

    def __init__(
        self,
        model: nn.Module,
        stages: Sequence[Stage],
        held_out: Sequence[Video],
        random: np.random.Generator,
        config: TrainConfig,
        folder: Path | None = None,
    ) -> None:
        self.model, self.stages, self.held_out = model, stages, held_out
        self.random, self.config, self.folder = random, config, folder
        self.position = {"stage": 0, "step": 0, "waited": 0}
        self.best: tuple[float, dict[str, Tensor]] | None = None
        self._optimiser_state: dict[str, object] | None = None
        self._average: dict[str, Tensor] = {}
        self.log: RunLog | None = None

    @property
    def _checkpoint(self) -> Path | None:
        return None if self.folder is None else self.folder / "checkpoint.pt"

    def run(self, stop_after: int | None = None) -> bool:
        """Trains to the end; True when it got there. `stop_after`: steps after which it stops as if killed (for tests)."""
        kept = self._restore()
        if self.folder is not None:
            self.log = RunLog(self.folder / "log.jsonl", kept)
        done = 0
        try:
            while self.position["stage"] < len(self.stages):
                stage = self.stages[self.position["stage"]]
                for _ in self._steps(stage):
                    done += 1
                    if stop_after is not None and done >= stop_after:
                        return False
                if self.best is not None:
                    self.model.load_state_dict(self.best[1])
                self.position = {"stage": self.position["stage"] + 1, "step": 0, "waited": 0}
                self.best, self._optimiser_state, self._average = None, None, {}
            return True
        finally:
            if self.log is not None:
                self.log.close()

    def _steps(self, stage: Stage):
        if self.position["step"] == 0:
            stage.begin(self.model)
            self._note("stage", name=stage.name, steps=stage.steps)
        optimiser = stage.optimiser(self.model)
        if self._optimiser_state is not None:
            optimiser.load_state_dict(self._optimiser_state)
        running: list[float] = []
        while self.position["step"] < stage.steps and self.position["waited"] < self.config.patience:
            self.model.train()
            loss = stage.loss(self.model, self.position["step"])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
            optimiser.step()
            running.append(float(loss.detach()))
            self.position["step"] += 1
            self._blend()
            if self.position["step"] % self.config.evaluate_every == 0 or self.position["step"] == stage.steps:
                self._evaluate(stage, float(np.mean(running)))
                running = []
                self._save(optimiser)
            yield

    def _blend(self) -> None:
        share = self.config.average
        if not share:
            return
        for name, value in self.model.named_parameters():
            if name in self._average:
                # a young mean forgets faster: it must not remember where the stage began
                kept = min(share, self.position["step"] / (self.position["step"] + 10))
                self._average[name].lerp_(value.detach(), 1 - kept)
            else:
                self._average[name] = value.detach().clone()

    def _evaluate(self, stage: Stage, loss: float) -> None:
        trained = {name: value.detach().clone() for name, value in self.model.named_parameters() if name in self._average}
        self._put(self._average)
        self._evaluate_weights(stage, loss)
        self._put(trained)

    def _put(self, weights: dict[str, Tensor]) -> None:
        with torch.no_grad():
            for name, value in self.model.named_parameters():
                if name in weights:
                    value.copy_(weights[name])

    def _evaluate_weights(self, stage: Stage, loss: float) -> None:
        stage.before_evaluation(self.model)
        figures = held_out_figures(stage, self.model, self.held_out)
        better = self.best is None or figures["criterion"] > self.best[0]
        if better:
            self.best = (figures["criterion"], copy.deepcopy(self.model.state_dict()))
        self.position["waited"] = 0 if better else self.position["waited"] + 1
        self._note("evaluation", stage=stage.name, step=self.position["step"], trainLoss=loss, **figures, best=better)

    def _note(self, event: str, **fields: object) -> None:
        if self.log is not None:
            self.log.write(event, **fields)

    def _save(self, optimiser: torch.optim.Optimizer) -> None:
        if self._checkpoint is None or self.log is None:
            return
        save_atomically(
            {
                "position": dict(self.position),
                "model": self.model.state_dict(),
                "best": self.best,
                "average": self._average,
                "optimiser": optimiser.state_dict(),
                "stages": [getattr(stage, "memory", None) for stage in self.stages],
                "random": self.random.bit_generator.state,
                "torchRandom": torch.get_rng_state(),
                "logLines": self.log.lines,
            },
            self._checkpoint,
        )

    def _restore(self) -> int:
        """Lines of the log that belong to the checkpoint; 0 where there is none."""
        if self._checkpoint is None or not self._checkpoint.is_file():
            return 0
        stored = torch.load(self._checkpoint)
        self.position, self.best = stored["position"], stored["best"]
        self.model.load_state_dict(stored["model"])
        self._optimiser_state = stored["optimiser"]
        self._average = stored.get("average", {})
        for stage, memory in zip(self.stages, stored["stages"]):
            if memory is not None:
                stage.memory = memory
        self.random.bit_generator.state = stored["random"]
        torch.set_rng_state(stored["torchRandom"])
        return int(stored["logLines"])

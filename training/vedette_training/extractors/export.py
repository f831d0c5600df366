"""Writes the packs of the published extractors anew: `python -m vedette_training.extractors.export --out models`."""

import argparse
import json
from pathlib import Path

from vedette_training.extractors.models import MODELS
from vedette_training.extractors.packs import pack_manifest, shipped_files


def write_pack(model_id: str, folder: Path) -> None:
    """Graphs, tensor lists and pack.json. `biome check --write` gives the last its final line breaks."""
    folder.mkdir(parents=True, exist_ok=True)
    model = MODELS[model_id]
    shipped = shipped_files(model)
    for name, content in shipped.items():
        (folder / name).write_bytes(content)
        print(f"{folder / name}: {len(content)} bytes")
    (folder / "pack.json").write_text(json.dumps(pack_manifest(model, shipped), indent=2) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=sorted(MODELS), help="Default: all of them.")
    parser.add_argument("--out", type=Path, required=True, help="Folder of packs; each gets a folder of its own in it.")
    options = parser.parse_args()
    for model_id in [options.model] if options.model else sorted(MODELS):
        write_pack(model_id, options.out / model_id)


if __name__ == "__main__":
    main()

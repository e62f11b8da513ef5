"""Put a sentence-transformers model into a folder, so that an image needs no model hub.

    python docker/bake_model.py sentence-transformers/LaBSE /opt/model --revision COMMIT

The folder is loaded again, as the worker will do it, before this counts as done.
"""

import argparse
from pathlib import Path

from sentence_transformers import SentenceTransformer

PROBE = "maayo kaayo siya mo explain"


def main() -> None:
    """Load, save, load again from the folder alone, and show what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", help="name on the model hub, or path")
    parser.add_argument("folder", type=Path, help="the folder to put it into; made if it is missing")
    parser.add_argument("--revision", help="commit on the hub; of no effect on a path")
    arguments = parser.parse_args()
    model = SentenceTransformer(arguments.model, revision=arguments.revision, device="cpu")
    model.save(str(arguments.folder), create_model_card=False)
    _let_everybody_read(arguments.folder)
    baked = SentenceTransformer(str(arguments.folder), device="cpu", local_files_only=True)
    (vector,) = baked.encode([PROBE], convert_to_numpy=True)
    size_mb = sum(file.stat().st_size for file in arguments.folder.rglob("*") if file.is_file()) / 1e6
    print(f"{arguments.model}: {len(vector)} dimensions, {size_mb:.0f} MB in {arguments.folder}")


def _let_everybody_read(folder: Path) -> None:
    """Undo what safetensors does, which writes weights for their owner alone: the image runs as another user."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


if __name__ == "__main__":
    main()

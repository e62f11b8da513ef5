"""The corpora a benchmark runs on: a folder of `NAME.jsonl.gz` and `NAME.f16.npy`, given by option."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from worker.topics.fit import FloatArray

N_DIMENSIONS = 768


@dataclass(frozen=True)
class LabelledCorpus:
    """Documents with their embeddings, (n, 768) float32 L2-normalized, and their known labels."""

    name: str
    texts: list[str]
    embeddings: FloatArray
    labels: list[str]


def corpus_names(folder: Path) -> list[str]:
    """Name the corpora in a folder, sorted."""
    return sorted(path.name.split(".")[0] for path in folder.glob("*.jsonl.gz"))


def load_corpus(folder: Path, name: str) -> LabelledCorpus:
    """Read one corpus; shorter vectors are padded with zeros, which keeps every cosine."""
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    vectors = np.load(folder / f"{name}.f16.npy").astype(np.float32)
    vectors = np.pad(vectors, ((0, 0), (0, N_DIMENSIONS - vectors.shape[1])))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return LabelledCorpus(name, [row["text"] for row in rows], vectors, [str(row["label"]) for row in rows])

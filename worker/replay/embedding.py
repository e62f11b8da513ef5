"""Comments of a table as the envelope of a job: embedded by the worker's model, in the shape that a queue would bring.

An embedding shorter than the contract's is filled up with zeros, which changes no cosine. So a table goes the way of
every job, and a model that was kept of a table takes the comments of a queue too, if both have one embedding model.
"""

import binascii
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import numpy as np

from worker.contract.envelope import Rejection, Skip
from worker.contract.item import EMBEDDING_DIM
from worker.errors import ModelUnavailable
from worker.jobs.kind import JobKind, Request
from worker.models.model import model_name
from worker.replay.computing import Computing
from worker.replay.files import check_writable
from worker.replay.terminal import Terminal
from worker.replay.vector_cache import SUFFIX, VectorCache
from worker.tables.comments import Comments, Wanted, comments_of
from worker.tables.reading import read_table
from worker.topics.arrays import FloatArray
from worker.topics.task import EmbedTexts, TooManyNumbers, Unembedded

# Seconds a text, at the most: a long one takes a quarter of a second on a slow core.
_MOST_S_EACH: Final = 1.0
_LITTLE_ENDIAN: Final = np.dtype("<f4")
_HOW_TO_GET_ONE: Final = (
    "the comments cannot be embedded: {why}. Where the hub can be reached, run: hf download {model} --local-dir model; "
    "then add: --embed model (or set LABSE_MODEL=model)"
)


class Embedder:
    """Embeds comments by one model, and keeps what it has embedded if it is told where."""

    def __init__(self, computing: Computing, terminal: Terminal, model: str, cache_beside: str | None = None) -> None:
        """Take what computes, where to tell it, the model's name or folder, and the file to keep embeddings beside."""
        self._computing = computing
        self._terminal = terminal
        self._model = model
        self._cache = VectorCache(f"{cache_beside or ''}{SUFFIX}", model_name(model))
        self._keeps = cache_beside is not None

    def embed(self, comments: Comments) -> FloatArray:
        """Embed comments: (n, d) float32, L2-normalized.

        Raises:
            ModelUnavailable: there is no such model here, or its embeddings are too long; the message says what to do.
            UnwritableFile: the embeddings cannot be kept.
        """
        if self._keeps:
            # Before a model works for an hour on what cannot be kept.
            check_writable(self._cache.path)
            if (flaw := self._cache.read()) is not None:
                self._terminal.warn(flaw)
        missing = self._cache.missing(comments.texts)
        if self._keeps and len(missing) < len(set(comments.texts)):
            self._terminal.say(f"embeddings: {len(missing):,} texts are new, the others are in {self._cache.path}")
        if missing:
            self._cache.add(missing, self._embed(missing))
            if self._keeps:
                self._cache.write()
        return self._cache.vectors(comments.texts)

    def _embed(self, texts: tuple[str, ...]) -> FloatArray:
        task = EmbedTexts(texts, self._model, EMBEDDING_DIM)
        vectors = self._computing.run(task, 2, more_s=_MOST_S_EACH * len(texts), another_follows=True)
        if isinstance(vectors, TooManyNumbers):
            raise ModelUnavailable(
                f"{self._model} gives {vectors.dimension} numbers for each text, and the worker takes up to "
                f"{EMBEDDING_DIM}: name another model by --embed, as sentence-transformers/LaBSE"
            )
        if isinstance(vectors, Unembedded):
            raise ModelUnavailable(_HOW_TO_GET_ONE.format(why=vectors.why, model=self._model))
        embedded: FloatArray = vectors
        return embedded


def read_comments(path: str, wanted: Wanted, terminal: Terminal, encoding: str | None = None) -> Comments:
    """Read the comments of a table, and tell what a person should know of them.

    Raises:
        UnreadableTable: the file is no table of comments, or has no such column.
    """
    comments = comments_of(read_table(path, encoding), wanted)
    for line in comments.notes:
        terminal.say(line)
    for line in comments.warnings:
        terminal.warn(line)
    return comments


def bare_envelope(comments: Comments, rest: Mapping[str, Any]) -> dict[str, Any]:
    """Make the envelope of a job whose items have no embedding.

    Args:
        comments: its items; the columns that were named are keys of them too.
        rest: its other keys, as `type`, `params` and `model`.
    """
    items: list[dict[str, Any]] = [
        {"submissionId": id_, "text": text} for id_, text in zip(comments.ids, comments.texts, strict=True)
    ]
    for name, cells in comments.others.items():
        for item, cell in zip(items, cells, strict=True):
            item.setdefault(name, cell)
    return {"version": "1.0", **rest, "items": items}


def envelope_of(comments: Comments, vectors: FloatArray, rest: Mapping[str, Any]) -> dict[str, Any]:
    """Make the envelope of a job.

    Args:
        comments: its items.
        vectors: (n, d) float32, their embeddings, d up to 768; filled up with zeros.
        rest: as for `bare_envelope`.
    """
    padding = ((0, 0), (0, EMBEDDING_DIM - vectors.shape[1]))
    rows = np.pad(vectors, padding).astype(_LITTLE_ENDIAN, copy=False)
    envelope = bare_envelope(comments, rest)
    for item, row in zip(envelope["items"], rows, strict=True):
        item["embedding"] = binascii.b2a_base64(row.tobytes(), newline=False).decode()
    return envelope


_Request = TypeVar("_Request", bound=Request)


def read_bare(kind: JobKind[_Request], bare: Mapping[str, Any]) -> _Request | Rejection | Skip:
    """Read an envelope without embeddings: it is refused for whatever it would be refused for with them.

    Args:
        kind: of job.
        bare: see `bare_envelope`.
    """
    return kind.read({**bare, "params": {**bare.get("params", {}), "embed_missing": True}})

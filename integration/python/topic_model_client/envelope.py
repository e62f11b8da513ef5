"""What a job has in its `data`: the batch with its embeddings packed, and what the client adds."""

import base64
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

TopicKind = Literal["topic-model", "topic-model.update", "topic-model.predict", "topic-model.rebuild"]
TuneKind = Literal["topic-model.tune"]
Kind = TopicKind | TuneKind


@dataclass(frozen=True)
class Item:
    """One comment.

    Attributes:
        submission_id: unique in the batch.
        text: as it is to be read; the worker never edits it.
        embedding: 768 numbers (a list, an array), or packed already; None with `params={"embed_missing": True}`.
    """

    submission_id: str
    text: str
    embedding: Iterable[float] | str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Batch:
    """The comments of a job, and how to treat them; docs/contract.md says what each field means.

    Attributes:
        items: the comments.
        params: of the engine; none for the defaults.
        previous: an earlier job's id, or its result, whose topics stay.
        model: `{"tenant": ...}`, if a model is meant that lives.
    """

    items: Sequence[Item]
    params: Mapping[str, Any] | None = None
    previous: str | Mapping[str, Any] | None = None
    model: Mapping[str, str] | None = None


def job_id_of(pipeline_id: str, kind: Kind) -> str:
    """Name the job of a pipeline."""
    return f"{pipeline_id}--{kind}"


def envelope_of(batch: Batch, pipeline_id: str, run_id: str | None, kind: Kind) -> dict[str, Any]:
    """Make the `data` of a job."""
    optional = {"params": batch.params, "previous": batch.previous, "model": batch.model}
    return {
        "jobId": job_id_of(pipeline_id, kind),
        "version": "1.0",
        "type": kind,
        "items": [_sent(item) for item in batch.items],
        **{name: value for name, value in optional.items() if value},
        "metadata": {"pipelineId": pipeline_id, **({"runId": run_id} if run_id else {})},
        "publishedAt": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def _sent(item: Item) -> dict[str, Any]:
    embedding = {} if item.embedding is None else {"embedding": packed(item.embedding)}
    return {"submissionId": item.submission_id, "text": item.text, **embedding}


def packed(embedding: Iterable[float] | str) -> str | list[float]:
    """Pack an embedding as the base64 of little-endian float32 values: a quarter of the bytes, and the same topics.

    One that float32 cannot hold, or that has an entry that is no number, stays as it is: the worker names the entry.
    """
    if isinstance(embedding, str):
        return embedding
    numbers = embedding.tolist() if hasattr(embedding, "tolist") else [_plain(number) for number in embedding]
    try:
        if all(type(number) in (int, float) and math.isfinite(number) for number in numbers):
            return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()
    except OverflowError:
        pass
    return numbers


def _plain(number: Any) -> Any:
    """Turn one of NumPy's numbers, which are no JSON, into one of Python's."""
    return number.item() if hasattr(number, "item") else number

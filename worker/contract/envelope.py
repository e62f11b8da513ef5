"""`job.data` in, a `Batch` or a `Rejection` out: every rule of the contract's request, once.

Nothing here raises, whatever JSON value comes: a flaw in the data is a value.
"""

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from worker.contract.item import EMBEDDING_DIM
from worker.contract.items import Items, read_items
from worker.contract.model_reference import ModelReference
from worker.contract.previous import NOT_HAD, EarlierResult, read_previous
from worker.contract.rejection_text import Flaws, validate
from worker.contract.rules import Envelope, Params
from worker.contract.too_few import TooFew, too_few_to_fit
from worker.topics.fit import FloatArray, IntArray, TopicParams

_ID_CHARS_SHOWN: Final = 80


@dataclass(frozen=True)
class Correlation:
    """The ids that tie log lines to the API's pipeline; `None` if the envelope has none."""

    job_id: str | None = None
    pipeline_id: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, eq=False)
class Batch:
    """A sound envelope, ready for the engine.

    Attributes:
        submission_ids: of all items, in request order, unique.
        texts: of the kept items only, as they came.
        embeddings: (n_kept - m, 768) float32, L2-normalized, C-contiguous: of the kept items that have one. The
            compute process replaces it by that of all kept items.
        kept: (n_kept,) int64, rising: the position of each kept item in `submission_ids`;
            items whose embedding is the zero vector are left out.
        params: what the request sent; `None` for what it left out.
        correlation: ids for the logs.
        warnings: one line each, for people; no text, no embedding.
        previous: the earlier result whose topics stay, or the id of its job until it is fetched; None for a first fit.
        model: the kept model that is meant; None for none.
        missing: (m,) int64, rising: the kept items without an embedding, which the worker's own model is to make.
        labels: whether each topic is to have a label for people.
    """

    # Not in the repr: a batch in a traceback or a log must show no one's words.
    submission_ids: tuple[str, ...] = field(repr=False)
    texts: tuple[str, ...] = field(repr=False)
    embeddings: FloatArray = field(repr=False)
    kept: IntArray = field(repr=False)
    params: TopicParams
    correlation: Correlation
    warnings: tuple[str, ...] = ()
    previous: EarlierResult | str | None = None
    model: ModelReference | None = None
    missing: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64), repr=False)
    labels: bool = False

    @property
    def n_items(self) -> int:
        """How many items the envelope has, zero vectors included."""
        return len(self.submission_ids)


@dataclass(frozen=True)
class Rejection:
    """An envelope that would fail again: the contract's message, at most 1,000 characters."""

    error: str
    correlation: Correlation


@dataclass(frozen=True)
class Skip:
    """A sound envelope that asks for nothing to be done; `reason` says why."""

    reason: str
    correlation: Correlation


def read_envelope(
    data: object, rules: type[Envelope] = Envelope, too_few: TooFew = too_few_to_fit
) -> Batch | Rejection:
    """Validate the envelope and turn its embeddings into one float32 array.

    Each embedding is converted as it is checked, so no second copy of them as Python
    floats exists at any time. `data` is not modified.

    Args:
        data: any JSON value as `json.loads` gives it, NaN, Infinity and huge ints included.
        rules: of the envelope's kind of job.
        too_few: of that kind.
    """
    correlation = read_correlation(data)
    flaws = Flaws()
    envelope = validate(rules, data, flaws, at="")
    raw_items = data.get("items") if isinstance(data, dict) else None
    raw_items = raw_items if isinstance(raw_items, list) else []
    items = read_items(raw_items, flaws, may_lack_embedding=_may_lack_embedding(data))
    previous = read_previous(data.get("previous") if isinstance(data, dict) else None, flaws)
    if envelope is None or flaws.n_found:
        return Rejection(flaws.line(), correlation)
    params = envelope.params or Params()
    error = _unfit(items, len(envelope.items), params, too_few)
    if error is not None:
        return Rejection(error, correlation)
    n_kept = len(items.kept)
    return Batch(
        submission_ids=tuple(items.positions),
        texts=tuple(items.texts),
        embeddings=items.given,
        kept=np.array(items.kept, dtype=np.int64),
        params=params.to_topic_params(),
        correlation=correlation,
        warnings=_zero_vector_warning(len(items.positions) - n_kept, len(items.positions)) + _not_had_warning(previous),
        previous=previous,
        model=envelope.model,
        missing=np.array(items.missing, dtype=np.int64),
        labels=params.labels is True,
    )


def revalidated(batch: Batch, data: object) -> Batch | Rejection:
    """Give a batch the parameters of another envelope with the same items, which are not read again."""
    flaws = Flaws()
    envelope = validate(Envelope, data, flaws, at="")
    if envelope is None or flaws.n_found:
        return Rejection(flaws.line(), batch.correlation)
    params = envelope.params or Params()
    error = too_few_to_fit(len(batch.submission_ids), len(batch.kept), params)
    if error:
        return Rejection(error, batch.correlation)
    return replace(batch, params=params.to_topic_params(), labels=params.labels is True)


def _may_lack_embedding(data: object) -> bool:
    """Tell whether the worker is to make embeddings; also if other parameters are at fault, as all flaws are named."""
    params = data.get("params") if isinstance(data, dict) else None
    return isinstance(params, dict) and params.get("embed_missing") is True


def _unfit(items: Items, n_items: int, params: Params, too_few: TooFew) -> str | None:
    # Not len(items.positions): the items after too many embeddings of another length are not read.
    if items.wrong_length is not None and too_few(n_items, n_items, params) is None:
        position, length, submission_id = items.wrong_length
        return (
            f"Expected {EMBEDDING_DIM}-dim embeddings, got {length} "
            f'(items[{position}], submissionId "{shown(submission_id)}")'
        )
    return too_few(n_items, len(items.kept), params)


def _zero_vector_warning(n_zero: int, n_items: int) -> tuple[str, ...]:
    if n_zero == 0:
        return ()
    if n_zero == 1:
        are = "is a zero vector, set aside: it counts as an outlier"
    else:
        are = "are zero vectors, set aside: they count as outliers"
    return (f"{n_zero} of {n_items} embeddings {are}",)


def _not_had_warning(previous: EarlierResult | str | None) -> tuple[str, ...]:
    if previous is not NOT_HAD:
        return ()
    return ("no topics of an earlier run are kept, this is a first fit: the result given as previous is a failure",)


def read_correlation(data: object) -> Correlation:
    """Read the ids that logs are correlated by, whatever else the data are."""
    envelope = data if isinstance(data, dict) else {}
    metadata = envelope.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return Correlation(
        job_id=_id_or_none(envelope.get("jobId")),
        pipeline_id=_id_or_none(metadata.get("pipelineId")),
        run_id=_id_or_none(metadata.get("runId")),
    )


def _id_or_none(value: object) -> str | None:
    # Ids only correlate logs: one of another type is left out, never a reason to fail.
    return shown(value) if isinstance(value, str) and value else None


def shown(value: str) -> str:
    """Make an id fit for one line of a log or an error: short, printable, encodable."""
    head = value[:_ID_CHARS_SHOWN]
    safe = "".join(char if char.isprintable() and char not in '"\\' else f"\\u{ord(char):04x}" for char in head)
    return safe + ("…" if len(value) > _ID_CHARS_SHOWN else "")

"""`job.data` in, a `Batch` or a `Rejection` out: every rule of the contract's request, once.

Nothing here raises, whatever JSON value comes: a flaw in the data is a value.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from worker.contract.embedding_rows import unit_vector
from worker.contract.flaws import ENOUGH_FLAWS, Flaws, validate
from worker.contract.item import EMBEDDING_DIM, Item, is_full
from worker.contract.model_reference import ModelReference
from worker.contract.previous import NOT_HAD, EarlierResult, read_previous
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
        embeddings: (n_kept, 768) float32, L2-normalized, C-contiguous.
        kept: (n_kept,) int64, rising: the position of each kept item in `submission_ids`;
            items whose embedding is the zero vector are left out.
        params: what the request sent; `None` for what it left out.
        correlation: ids for the logs.
        warnings: one line each, for people; no text, no embedding.
        previous: the earlier result whose topics stay, or the id of its job until it is fetched; None for a first fit.
        model: the kept model that is meant; None for none.
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
    items = _read_items(raw_items if isinstance(raw_items, list) else [], flaws)
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
        embeddings=items.embeddings[:n_kept],
        kept=np.array(items.kept, dtype=np.int64),
        params=params.to_topic_params(),
        correlation=correlation,
        warnings=_zero_vector_warning(len(items.positions) - n_kept, len(items.positions)) + _not_had_warning(previous),
        previous=previous,
        model=envelope.model,
    )


def revalidated(batch: Batch, data: object) -> Batch | Rejection:
    """Give a batch the parameters of another envelope with the same items, which are not read again."""
    flaws = Flaws()
    envelope = validate(Envelope, data, flaws, at="")
    if envelope is None or flaws.n_found:
        return Rejection(flaws.line(), batch.correlation)
    params = envelope.params or Params()
    error = too_few_to_fit(len(batch.submission_ids), len(batch.kept), params)
    return Rejection(error, batch.correlation) if error else replace(batch, params=params.to_topic_params())


@dataclass
class _Items:
    """What the items hold, filled row by row.

    Attributes:
        embeddings: (>= n_kept, 768) float32; rows beyond the kept ones are not initialized.
        positions: submissionId -> its first position, in request order.
        wrong_length: position, length and submissionId of the first embedding of another length.
        n_wrong_length: how many embeddings have another length.
    """

    embeddings: FloatArray
    positions: dict[str, int]
    texts: list[str]
    kept: list[int]
    wrong_length: tuple[int, int, str] | None = None
    n_wrong_length: int = 0

    def add(self, position: int, item: Item) -> None:
        row = item.embedding
        if len(row) != EMBEDDING_DIM:
            self.wrong_length = self.wrong_length or (position, len(row), item.submission_id)
            self.n_wrong_length += 1
        elif (unit := unit_vector(row)) is not None:
            self.embeddings[len(self.kept)] = unit
            self.kept.append(position)
            self.texts.append(item.text)


def _read_items(raw_items: list[Any], flaws: Flaws) -> _Items:
    # Not len(raw_items): a list of a hundred million nulls must not reserve 300 GB.
    items = _Items(np.empty((_count_full_rows(raw_items), EMBEDDING_DIM), dtype=np.float32), {}, [], [])
    for position, raw in enumerate(raw_items):
        if flaws.are_enough or items.n_wrong_length >= ENOUGH_FLAWS:
            flaws.stop_counting()
            break
        if not isinstance(raw, dict):  # as pydantic says it, but fifty times faster
            flaws.add(f"items[{position}]", "must be an object")
            continue
        item = validate(Item, raw, flaws, at=f"items[{position}]")
        if item is None:
            continue
        first = items.positions.setdefault(item.submission_id, position)
        if first != position:
            flaws.add(f"items[{position}].submissionId", f"is already that of items[{first}]")
        items.add(position, item)
    return items


def _count_full_rows(raw_items: list[Any]) -> int:
    """Count the embeddings of the right length, as far as `_read_items` can come."""
    n_full = n_other = 0
    for raw in raw_items:
        if isinstance(raw, dict) and is_full(raw.get("embedding")):
            n_full += 1
        else:  # a flaw, or an embedding of another length
            n_other += 1
            if n_other > 2 * ENOUGH_FLAWS:
                break
    return n_full


def _unfit(items: _Items, n_items: int, params: Params, too_few: TooFew) -> str | None:
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

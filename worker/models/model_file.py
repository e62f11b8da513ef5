"""A kept model as files: arrays as safetensors, all else as JSON."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import numpy as np
import safetensors
import safetensors.numpy

from worker.models.closeness import N_BINS
from worker.models.model import SCHEMA, BrokenModel, HalfSum, KeptModel, KeptTopic, Sample
from worker.topics.arrays import IntArray

JSON: TypeAlias = "dict[str, JSON] | list[JSON] | str | int | float | bool | None"

ARRAYS: Final = "model.safetensors"
_SEPARATOR: Final = "\n"
# Each array, its number of dimensions and its dtype in the file.
_ARRAYS: Final = {
    "part_sums": (2, np.float64),
    "part_counts": (1, np.int64),
    "part_starts": (1, np.int64),
    "closeness": (2, np.int64),
    "center": (1, np.float64),
    "half_sum": (1, np.float64),
    "terms": (1, np.uint8),
    "term_columns": (1, np.int64),
    "term_counts": (1, np.int64),
    "term_starts": (1, np.int64),
}


def to_files(model: KeptModel) -> tuple[dict[str, bytes], dict[str, JSON]]:
    """Give the files of a model and its details; equal models give equal bytes.

    Returns:
        The content of each file by its name, and what goes into `config.json` beside it.
    """
    topics = model.topics
    terms = sorted({term for topic in topics for term in topic.terms})
    column = {term: i for i, term in enumerate(terms)}
    cells = [(column[term], count) for topic in topics for term, count in sorted(topic.terms.items())]
    table = np.array(cells, dtype=np.int64).reshape(-1, 2)
    d = model.dimension
    arrays = {
        "part_sums": np.concatenate([np.empty((0, d)), *(topic.part_sums for topic in topics)]),
        "part_counts": np.concatenate([np.empty(0, dtype=np.int64), *(topic.part_counts for topic in topics)]),
        "part_starts": _starts([len(topic.part_counts) for topic in topics]),
        "closeness": np.concatenate(
            [np.empty((0, N_BINS), dtype=np.int64), *(topic.closeness[None] for topic in topics)]
        ),
        "center": model.center,
        "half_sum": model.half.sum,
        "terms": np.frombuffer(_SEPARATOR.join(terms).encode(), dtype=np.uint8),
        "term_columns": np.ascontiguousarray(table[:, 0]),
        "term_counts": np.ascontiguousarray(table[:, 1]),
        "term_starts": _starts([len(topic.terms) for topic in topics]),
    }
    details: dict[str, JSON] = {
        "schema": SCHEMA,
        "topics": [_topic_details(topic) for topic in topics],
        "highest": model.highest,
        "redirects": {str(old): into for old, into in sorted(model.redirects.items())},
        "seen": model.seen,
        "fitted": model.fitted,
        "temperature": model.temperature,
        "baseline": {str(number): count for number, count in sorted(model.baseline.items())},
        "baselineOutliers": model.baseline_outliers,
        "halfN": model.half.n,
        "parameters": dict(sorted(model.parameters.items())),
        "encoder": model.encoder,
        "embeddingModel": model.embedding_model,
        "dimension": d,
        "parent": model.parent,
    }
    return {ARRAYS: safetensors.numpy.save(arrays)}, details


def from_files(files: Mapping[str, bytes], details: Mapping[str, Any]) -> KeptModel:
    """Read a model.

    Raises:
        BrokenModel: the files are of another schema, are no model, or contradict one another.
    """
    schema = details.get("schema")
    if schema != SCHEMA:
        raise BrokenModel(
            f"the model has schema {schema!r}, this worker reads schema {SCHEMA}: use the worker it is of"
        )
    if ARRAYS not in files:
        raise BrokenModel(f"the model has no file {ARRAYS}: activate another version")
    try:
        arrays = safetensors.numpy.load(files[ARRAYS])
        # A model of a worker that told drift by the topics alone has none.
        arrays.setdefault("half_sum", np.zeros_like(arrays["center"]))
        _check_kinds(arrays, details)
        return _read(arrays, details)
    except (safetensors.SafetensorError, UnicodeDecodeError) as error:
        raise BrokenModel(f"{ARRAYS} is damaged ({error}): activate another version") from error
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        flaw = f"{type(error).__name__}: {error}"
        raise BrokenModel(f"the model contradicts itself ({flaw}): activate another version") from error


def _topic_details(topic: KeptTopic) -> dict[str, JSON]:
    return {
        "number": topic.number,
        "born": topic.born,
        "lastSeen": topic.last_seen,
        "lastSeenAt": topic.last_seen_at,
        "n": topic.n,
        "rawLabel": topic.raw_label,
        "keywords": list(topic.keywords),
        "samples": [{"id": sample.id, "closeness": sample.closeness} for sample in topic.samples],
        "label": topic.label,
        "retired": topic.retired,
    }


def _check_kinds(arrays: Mapping[str, Any], details: Mapping[str, Any]) -> None:
    for name, (n_dimensions, dtype) in _ARRAYS.items():
        array = arrays[name]
        if array.ndim != n_dimensions or array.dtype != dtype:
            raise ValueError(f"{name} is {array.dtype} of {array.ndim} dimensions")
        if array.dtype == np.float64 and not np.isfinite(array).all():
            raise ValueError(f"{name} holds a number that is not finite")
    d, n = int(details["dimension"]), len(details["topics"])
    parts, cells = len(arrays["part_counts"]), len(arrays["term_counts"])
    wanted = {
        "center": (d,),
        "half_sum": (d,),
        "part_sums": (parts, d),
        "part_starts": (n + 1,),
        "closeness": (n, N_BINS),
        "term_columns": (cells,),
        "term_starts": (n + 1,),
    }
    for name, shape in wanted.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name} has shape {arrays[name].shape}, not {shape}")
    for name, end in (("part_starts", parts), ("term_starts", cells)):
        starts = arrays[name]
        if starts[0] != 0 or starts[-1] != end or (np.diff(starts) < 0).any():
            raise ValueError(f"{name} does not lead from 0 to {end}")
    if (arrays["part_counts"] < 1).any() or (arrays["term_counts"] < 1).any():
        raise ValueError("a count is not positive")


def _read(arrays: Mapping[str, Any], details: Mapping[str, Any]) -> KeptModel:
    terms = arrays["terms"].tobytes().decode().split(_SEPARATOR)
    topics = tuple(_read_topic(row, one, arrays, terms) for row, one in enumerate(details["topics"]))
    numbers = [topic.number for topic in topics]
    if numbers != sorted(set(numbers)) or (numbers and int(details["highest"]) < numbers[-1]):
        raise ValueError("the topics' numbers do not rise to the highest")
    return KeptModel(
        topics=topics,
        highest=int(details["highest"]),
        redirects={int(old): int(into) for old, into in details["redirects"].items()},
        center=arrays["center"],
        seen=int(details["seen"]),
        fitted=int(details["fitted"]),
        temperature=float(details["temperature"]),
        baseline={int(number): int(count) for number, count in details["baseline"].items()},
        baseline_outliers=int(details["baselineOutliers"]),
        half=HalfSum(arrays["half_sum"], int(details.get("halfN", 0))),
        parameters=dict(details["parameters"]),
        encoder=str(details["encoder"]),
        embedding_model=str(details["embeddingModel"]),
        parent=str(details["parent"]),
    )


def _read_topic(row: int, details: Mapping[str, Any], arrays: Mapping[str, Any], terms: list[str]) -> KeptTopic:
    parts = slice(*arrays["part_starts"][row : row + 2].tolist())
    cells = slice(*arrays["term_starts"][row : row + 2].tolist())
    columns, counts = arrays["term_columns"][cells].tolist(), arrays["term_counts"][cells].tolist()
    return KeptTopic(
        number=int(details["number"]),
        born=str(details["born"]),
        last_seen=str(details["lastSeen"]),
        last_seen_at=int(details["lastSeenAt"]),
        n=int(details["n"]),
        raw_label=str(details["rawLabel"]),
        keywords=tuple(str(word) for word in details["keywords"]),
        part_sums=arrays["part_sums"][parts],
        part_counts=arrays["part_counts"][parts],
        closeness=arrays["closeness"][row],
        terms={terms[column]: count for column, count in zip(columns, counts, strict=True)},
        samples=tuple(Sample(str(one["id"]), float(one["closeness"])) for one in details["samples"]),
        label=str(details["label"]),
        retired=bool(details["retired"]),
    )


def _starts(lengths: list[int]) -> IntArray:
    return np.cumsum([0, *lengths], dtype=np.int64)

"""A kept model as files."""

import json

import numpy as np
import pytest
import safetensors.numpy

from tests.models.made_up import Comments, first_model, updated
from worker.models.model import BrokenModel, KeptModel
from worker.models.model_file import ARRAYS, from_files, to_files


@pytest.fixture(scope="module")
def model() -> KeptModel:
    """Give a model that has seen a fit and an update."""
    comments = Comments(60)
    return updated(
        first_model(comments, comments.rows(0, 1, last=30)), comments, comments.rows(0, 1, 2, first=30)
    ).model


def test_equal_models_give_equal_bytes(model: KeptModel) -> None:
    """What is read gives the same files again, and the details survive JSON."""
    files, details = to_files(model)
    again = to_files(from_files(files, json.loads(json.dumps(details))))
    assert again == (files, details)
    assert json.dumps(again[1]) == json.dumps(details)


def test_a_model_that_is_read_is_the_same(model: KeptModel) -> None:
    """Every field of it."""
    found = from_files(*to_files(model))
    for name in (
        "highest",
        "redirects",
        "seen",
        "fitted",
        "temperature",
        "baseline",
        "baseline_outliers",
        "parameters",
    ):
        assert getattr(found, name) == getattr(model, name), name
    assert (found.encoder, found.embedding_model, found.parent) == (model.encoder, "LaBSE", "20260301_000000")
    np.testing.assert_array_equal(found.center, model.center)
    np.testing.assert_array_equal(found.half.sum, model.half.sum)
    assert found.half.n == model.half.n == 45  # of the newcomers alone, as a topic was born
    for one, other in zip(found.topics, model.topics, strict=True):
        np.testing.assert_array_equal(one.part_sums, other.part_sums)
        np.testing.assert_array_equal(one.closeness, other.closeness)
        assert (one.terms, one.samples, one.keywords) == (other.terms, other.samples, other.keywords)


def test_a_model_from_before_halves_were_kept_is_read(model: KeptModel) -> None:
    """Its drift is told by the topics alone."""
    files, details = to_files(model)
    arrays = safetensors.numpy.load(files[ARRAYS])
    del arrays["half_sum"], details["halfN"]
    found = from_files({ARRAYS: safetensors.numpy.save(arrays)}, details)
    assert (found.half.n, found.half.sum.any()) == (0, False)


def test_no_text_and_no_metadata_in_the_arrays(model: KeptModel) -> None:
    """The header of safetensors has a random order of its metadata; there is none."""
    content = to_files(model)[0][ARRAYS]
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert "__metadata__" not in header
    assert all(set(entry) == {"dtype", "shape", "data_offsets"} for entry in header.values())


@pytest.mark.parametrize("damage", ["cut", "longer", "pickle", "empty"])
def test_damaged_files_are_told(model: KeptModel, damage: str) -> None:
    """The error names the file and what to do, and is one of the worker's own."""
    files, details = to_files(model)
    whole = files[ARRAYS]
    content = {"cut": whole[:-10], "longer": whole + b"0123", "pickle": b"\x80\x04K\x01.", "empty": b""}[damage]
    with pytest.raises(BrokenModel, match=r"model\.safetensors is damaged .*activate another version"):
        from_files({ARRAYS: content}, details)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("center", np.zeros(3)),
        ("part_sums", np.zeros((1, 768), dtype=np.float32)),
        ("part_counts", np.ones((1, 1), dtype=np.int64)),
        ("part_starts", np.array([0, 9, 1, 2], dtype=np.int64)),
        ("closeness", np.zeros((1, 200), dtype=np.int64)),
        ("center", np.full(768, np.nan)),
        ("term_columns", None),
    ],
)
def test_arrays_that_contradict_the_details_are_told(model: KeptModel, name: str, array: np.ndarray | None) -> None:
    """Of another shape or type, not finite, or not there."""
    files, details = to_files(model)
    arrays = safetensors.numpy.load(files[ARRAYS])
    if array is None:
        del arrays[name]
    else:
        arrays[name] = array
    with pytest.raises(BrokenModel, match=rf"contradicts itself .*{name}"):
        from_files({ARRAYS: safetensors.numpy.save(arrays)}, details)


def test_details_that_are_wrong_are_told(model: KeptModel) -> None:
    """Another schema, a missing key, numbers out of order, no file."""
    files, details = to_files(model)
    with pytest.raises(BrokenModel, match="schema 99"):
        from_files(files, details | {"schema": 99})
    with pytest.raises(BrokenModel, match="seen"):
        from_files(files, {key: value for key, value in details.items() if key != "seen"})
    with pytest.raises(BrokenModel, match="highest"):
        from_files(files, details | {"highest": 0})
    with pytest.raises(BrokenModel, match="no file"):
        from_files({}, details)

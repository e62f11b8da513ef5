"""Vectors of keywords in 8-bit integers: near those in float32, and the same whatever stands beside them."""

from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import torch

from worker.topics.words import quantized as module
from worker.topics.words.bert import Bert
from worker.topics.words.bert_folder import read_bert
from worker.topics.words.encoders import TransformerEncoder
from worker.topics.words.loading import choose_encoder
from worker.topics.words.quantized import int8_linear, quantized

TERMS = ["late", "always late", "ang galing", "explain", "online class", "module", "very kind", "exam", "clear lesson"]


def _bert(folder: str) -> Bert:
    bert = read_bert(Path(folder))
    assert bert is not None
    return bert


def _encoder(precision: str, folder: str) -> TransformerEncoder:
    encoder = choose_encoder(folder, "unused", "cpu", precision).encoder  # type: ignore[arg-type]
    assert isinstance(encoder, TransformerEncoder)
    return encoder


def test_a_layer_multiplies_nearly_as_in_float32() -> None:
    """Within the rounding of both sides, and a row of zeros gives the bias."""
    torch.manual_seed(0)
    weight, bias, values = torch.randn(48, 64), torch.randn(48), torch.randn(2, 3, 64)
    values[1, 2] = 0
    given = int8_linear(weight, bias)(values)
    exact = torch.nn.functional.linear(values, weight, bias)
    assert given.shape == (2, 3, 48)
    assert given.dtype == torch.float32
    assert float((given - exact).abs().max()) < 0.02 * float(exact.abs().max())
    torch.testing.assert_close(given[1, 2], bias, rtol=0, atol=0)


def test_a_row_does_not_depend_on_those_beside_it() -> None:
    """Not even on one that is a thousand times as large: cached vectors are those of any company."""
    torch.manual_seed(0)
    values = torch.randn(32, 64)
    layer = int8_linear(torch.randn(48, 64), torch.randn(48))
    alone = layer(values)[:31]
    values[31] *= 1000
    torch.testing.assert_close(layer(values)[:31], alone, rtol=0, atol=0)


def test_keywords_are_near_those_of_float32(real_model: str) -> None:
    """Of a real model; and its documents are encoded as ever."""
    exact, whole = _encoder("float32", real_model), _encoder("int8", real_model)
    cosines = np.einsum("ij,ij->i", exact.encode(TERMS), whole.encode(TERMS))
    assert 0.98 < cosines.min() < 1 - 1e-5
    np.testing.assert_array_equal(exact.encode_documents(TERMS), whole.encode_documents(TERMS))


def test_vectors_are_the_same_in_any_company_and_on_any_number_of_threads(real_model: str) -> None:
    """Forward, backward, in part, on one thread and on three."""
    encoder = TransformerEncoder(_bert(real_model), "float32", quantized(_bert(real_model)))
    terms = [f"{term} {number}" for number in range(12) for term in TERMS]
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        crowd = encoder.encode(terms)
        assert torch.get_num_threads() == 3
        encoder.forget()
        torch.set_num_threads(1)
        np.testing.assert_array_equal(encoder.encode(terms[::-1])[::-1], crowd)
        encoder.forget()
        np.testing.assert_array_equal(encoder.encode(terms[20:24]), crowd[20:24])
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("dense", [False, True])
def test_vectors_are_the_same_in_batches_of_any_size(real_model: str, dense: bool) -> None:
    """To the last bit, also behind a dense layer, so that no batch has to be filled up with copies."""
    bert = _bert(real_model)
    if dense:
        torch.manual_seed(0)
        weights = dict(bert._weights) | {"dense.weight": torch.randn(384, 384), "dense.bias": torch.randn(384)}
        bert = Bert(replace(bert._shape, dense=True), weights, bert._tokenizer)
    words = quantized(bert)
    assert words.rows_apart
    assert not bert.rows_apart
    terms = [f"{first} {second}" for first in ("late", "clear", "kind", "module") for second in TERMS[:4]] * 9
    (crowd,) = words.encode_batches([terms])
    for size in (1, 3, 32, 50):
        batches = [terms[start : start + size] for start in range(0, len(terms), size)]
        np.testing.assert_array_equal(np.concatenate(words.encode_batches(batches)), crowd)


def test_no_batch_is_filled_up_with_copies(real_model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model whose vectors do not depend on the batch sees each n-gram once."""
    encoder = TransformerEncoder(_bert(real_model), "float32", quantized(_bert(real_model)))
    seen: list[str] = []
    inner = encoder._words.encode_batches  # type: ignore[attr-defined]
    monkeypatch.setattr(
        encoder._words, "encode_batches", lambda batches: seen.extend(chain.from_iterable(batches)) or inner(batches)
    )
    encoder.encode(TERMS)
    assert sorted(seen) == sorted(TERMS)


@pytest.mark.parametrize(
    ("precision", "has_vnni", "in_int8"),
    [("auto", True, True), ("auto", False, False), ("float32", True, False), ("int8", False, True)],
)
def test_the_setting_holds_and_auto_asks_the_cpu(
    real_model: str, monkeypatch: pytest.MonkeyPatch, precision: str, has_vnni: bool, in_int8: bool
) -> None:
    """The line that says what the worker runs on tells it."""
    capabilities = {"avx512_vnni": has_vnni, "avx_vnni": has_vnni}
    monkeypatch.setattr(module.torch.cpu, "get_capabilities", lambda: capabilities)
    choice = choose_encoder(real_model, "unused", "cpu", precision)  # type: ignore[arg-type]
    assert choice.message.endswith("in int8") == in_int8
    assert isinstance(choice.encoder, TransformerEncoder)
    assert (choice.encoder._words is not choice.encoder._model) == in_int8

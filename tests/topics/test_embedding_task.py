"""The task that embeds the texts of a table, with a real small model."""

from unittest.mock import MagicMock

import numpy as np
import pytest

from worker.topics.embedding import run
from worker.topics.engine import Engine
from worker.topics.fit import StageAdvanced
from worker.topics.task import EmbedTexts, TooManyNumbers, Unembedded
from worker.topics.words.encoders import TransformerEncoder
from worker.topics.words.loading import load_model

MOST = 768


@pytest.mark.slow
def test_texts_are_embedded_as_the_model_does(real_model: str) -> None:
    """Each text by itself, equal ones alike, in the order in which they came; progress is told at each step."""
    texts = ("a kind teacher", "late", "a kind teacher", *(f"comment {i} on the course" for i in range(300)))
    events: list[object] = []
    model = load_model(real_model, "cpu")
    engine = Engine(lambda: None, TransformerEncoder(model, real_model), "cpu", "")
    vectors = run(EmbedTexts(texts, real_model, MOST), engine, events.append)
    assert isinstance(vectors, np.ndarray)
    assert vectors.shape == (303, 384)
    assert vectors[0].tobytes() == vectors[2].tobytes()
    own = model.encode(list(texts[:2]), normalize_embeddings=True)
    assert np.einsum("ij,ij->i", own, vectors[:2]) == pytest.approx([1, 1], abs=1e-4)
    shares = [event.share for event in events if isinstance(event, StageAdvanced)]
    assert len(shares) > 2
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_a_model_that_is_not_there_is_told(tmp_path: object) -> None:
    """As a value: the task has not failed, there is nothing to try again."""
    answer = run(EmbedTexts(("a",), f"{tmp_path}/nowhere", MOST), Engine(lambda: None, None, "cpu", ""), lambda _: None)
    assert isinstance(answer, Unembedded)
    assert "nowhere is not on this machine" in answer.why


def test_a_model_of_too_many_numbers_embeds_nothing() -> None:
    """It is told by the model itself, before an hour of embedding."""
    model = MagicMock()
    model.get_embedding_dimension.return_value = MOST + 1
    engine = Engine(lambda: None, TransformerEncoder(model, "large"), "cpu", "")
    assert run(EmbedTexts(("a",), "large", MOST), engine, lambda _: None) == TooManyNumbers(MOST + 1)
    model.encode.assert_not_called()

"""Comments that come without an embedding get one by the worker's own model."""

import numpy as np
import pytest

from tests.small_model import make_model
from tests.topics.themes import themed_corpus
from worker.topics.engine import Engine
from worker.topics.fit import (
    EMBED,
    BatchWarning,
    FloatArray,
    NoTopics,
    NoTopicsReason,
    StageAdvanced,
    StageEvent,
    StageFinished,
    StageStarted,
    TopicParams,
)
from worker.topics.trials import TuneBatch
from worker.topics.tuning import run as tune
from worker.topics.words.embedding import completed_embeddings
from worker.topics.words.encoders import CorpusEncoder, KeywordEncoder, TransformerEncoder, unit
from worker.topics.words.loading import choose_encoder

TEXTS = [text + " and much longer" * (i % 3) for i, text in enumerate(themed_corpus(20)[0])]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> TransformerEncoder:
    """Give a model whose vectors have 48 numbers."""
    chosen = choose_encoder(make_model(tmp_path_factory.mktemp("tiny"), 48), "unused", "cpu").encoder
    assert isinstance(chosen, TransformerEncoder)
    return chosen


def completed(
    given: FloatArray, missing: list[int], encoder: KeywordEncoder | None, texts: list[str] = TEXTS
) -> tuple[FloatArray | NoTopics, list[StageEvent]]:
    """Embed what is missing; give what was told too."""
    events: list[StageEvent] = []
    return completed_embeddings(texts, given, np.array(missing), encoder, events.append), events


def nothing(n: int) -> FloatArray:
    """Give no embedding of so many numbers."""
    return np.empty((0, n), dtype=np.float32)


def test_all_are_made_whatever_their_order(encoder: TransformerEncoder) -> None:
    """In batches; nothing is kept, equal texts have equal vectors, and a text's vector depends on no order."""
    everything = [*range(len(TEXTS))]
    made, events = completed(nothing(48), everything, encoder)
    turned, _ = completed(nothing(48), everything, encoder, [*reversed(TEXTS)])
    assert isinstance(made, np.ndarray)
    assert isinstance(turned, np.ndarray)
    assert made.tobytes() == np.ascontiguousarray(turned[::-1]).tobytes()
    assert made.shape == (len(TEXTS), 48)
    assert made.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(made[7], unit(encoder._model.encode([TEXTS[7]]))[0], atol=1e-5)
    assert (encoder.hits, encoder.misses) == (0, 0)
    assert events[0] == StageStarted(EMBED)
    shares = [event.share for event in events if isinstance(event, StageAdvanced)]
    assert len(shares) > 2
    assert shares == sorted(shares)
    assert shares[-1] == 1
    last = events[-1]
    assert isinstance(last, StageFinished)
    assert last.details == {"embedded": len(TEXTS), "model": encoder.name}


def test_what_was_sent_stays(encoder: TransformerEncoder) -> None:
    """Only the missing ones are made; vectors of another model beside them are worth a warning."""
    made, _ = completed(nothing(48), [*range(len(TEXTS))], encoder)
    assert isinstance(made, np.ndarray)
    missing = [3, 50]
    own = np.delete(made, missing, axis=0)
    foreign = unit(np.random.default_rng(0).normal(size=own.shape))
    for given, warned in ((own, 0), (foreign, 1)):
        result, events = completed(given, missing, encoder)
        assert isinstance(result, np.ndarray)
        assert np.delete(result, missing, axis=0).tobytes() == given.tobytes()
        np.testing.assert_allclose(result[missing], made[missing], atol=1e-5)
        assert sum(isinstance(event, BatchWarning) for event in events) == warned


def test_without_a_model_of_that_dimension_the_data_are_at_fault(encoder: TransformerEncoder) -> None:
    """The line says which model the worker has, and what to do."""
    for worker_has, n, told in (
        (CorpusEncoder(), 48, "no language model, its keyword encoder is corpus;"),
        (None, 48, "no language model, its keyword encoder is none;"),
        (encoder, 768, "gives 48-dim embeddings, not 768-dim"),
    ):
        result, events = completed(nothing(n), [*range(len(TEXTS))], worker_has)
        assert isinstance(result, NoTopics)
        assert result.reason is NoTopicsReason.NO_EMBEDDINGS
        assert result.why_not_embedded.startswith("Cannot embed 120 of 120 texts (embed_missing): ")
        assert told in result.why_not_embedded
        assert not events


def test_nothing_is_done_if_nothing_is_missing() -> None:
    """No stage, no model, no copy."""
    given = np.eye(120, dtype=np.float32)
    result, events = completed(given, [], None)
    assert result is given
    assert not events


def test_a_search_for_settings_embeds_them_once_before_anything_else(encoder: TransformerEncoder) -> None:
    """Each trial gets all of them; a worker without a model refuses, as for a fit."""
    fitted: list[FloatArray] = []

    def fit(_: object, embeddings: FloatArray, *__: object, **___: object) -> NoTopics:
        fitted.append(embeddings)
        return NoTopics.NO_CLUSTERS

    everything = [*range(len(TEXTS))]
    whole, _ = completed(nothing(48), everything, encoder)
    assert isinstance(whole, np.ndarray)
    task = TuneBatch(tuple(TEXTS), whole[1:], TopicParams(), {"n_topics": (3, 5)}, np.array([0]))
    events: list[StageEvent] = []
    assert tune(task, Engine(fit, encoder, "cpu", ""), events.append) == NoTopics.NO_CLUSTERS
    assert [event.stage for event in events if isinstance(event, StageStarted)] == [EMBED, "neighbours", "try"]
    assert len(fitted) == 3
    assert all(embeddings.shape == whole.shape for embeddings in fitted)
    np.testing.assert_allclose(fitted[0], whole, atol=1e-6)
    refused = tune(task, Engine(fit, CorpusEncoder(), "cpu", ""), events.append)
    assert isinstance(refused, NoTopics)
    assert refused.reason is NoTopicsReason.NO_EMBEDDINGS

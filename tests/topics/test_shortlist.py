"""A language model sees few n-grams of a topic, and BERTopic chooses no typical documents."""

from itertools import combinations

import numpy as np
import pytest
from scipy import sparse

from tests.topics.themes import themed_corpus
from worker.topics.bertopic.parts import BERTopic
from worker.topics.fit import TopicFit, TopicParams
from worker.topics.pipeline import fit_topics
from worker.topics.words.encoders import MOST_ENCODED, Candidates, CorpusEncoder, TransformerEncoder, unit
from worker.topics.words.loading import choose_encoder
from worker.topics.words.scoring import worth_encoding

WORDS = ["exam", "grade", "score", "essay", "quiz", "paper", "answer", "marking", "rubric", "report"]
OTHERS = ["stairs", "lights", "roof", "chairs", "fans", "doors", "windows", "tiles", "paint", "benches"]


def _rich_batch() -> tuple[list[str], np.ndarray]:
    """Make two topics of 45 comments with two words each, all pairs of ten: each pair is a candidate of its own."""
    texts = [" ".join(pair) for words in (WORDS, OTHERS) for pair in combinations(words, 2)] * 2
    rng = np.random.default_rng(0)
    centers = np.tile(np.repeat(rng.normal(size=(2, 768)), 45, axis=0), (2, 1))
    return texts, unit(centers + 0.3 * rng.normal(size=centers.shape))


def test_a_model_sees_the_best_candidates_of_a_topic(real_model: str) -> None:
    """At most so many of each topic; corpus vectors look at all."""
    texts, embeddings = _rich_batch()
    encoder = choose_encoder(real_model, "unused", "cpu").encoder
    assert isinstance(encoder, TransformerEncoder)
    seen: list[int] = []

    def count(event: object) -> None:
        seen.extend([event.details["candidates"]] if "candidates" in getattr(event, "details", ()) else [])

    for own in (encoder, CorpusEncoder()):
        fit = fit_topics(texts, embeddings, TopicParams(), encoder=own, device="cpu", on_stage=count)
        assert isinstance(fit, TopicFit)
        assert len(fit.topics) == 2
    few, all_of_them = seen
    assert few <= 2 * MOST_ENCODED < all_of_them
    assert encoder.misses == few


def test_the_best_by_the_batchs_own_vectors_are_taken() -> None:
    """Terms far from their topic go first, ties to the lower column, and a short list stays whole."""
    embeddings = unit(np.array([[1, 0.1], [1, -0.1], [-1, 0.1], [-1, -0.1]]))
    held = sparse.csr_matrix(np.array([[1, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]))
    found = Candidates([], held, [""] * 4, embeddings)
    columns = [np.array([0, 1, 2]), np.array([3])]
    labels, weights = np.array([0, 0, 1, 1]), np.ones((2, 4))
    taken = [own.tolist() for own in worth_encoding(found, columns, labels, weights, 2)]
    assert taken == [[0, 1], [3]]
    assert [own.tolist() for own in worth_encoding(found, columns, labels, weights, 1)] == [[0], [3]]
    assert [own.tolist() for own in worth_encoding(found, columns, labels, weights, 3)] == [[0, 1, 2], [3]]


def test_no_typical_documents_are_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """BERTopic would count the words of samples of each topic for it."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("typical documents")

    monkeypatch.setattr(BERTopic, "_extract_representative_docs", refuse)
    texts, embeddings, _ = themed_corpus(20)
    fit = fit_topics(texts, embeddings, TopicParams(), encoder=CorpusEncoder(), device="cpu", on_stage=lambda _: None)
    assert isinstance(fit, TopicFit)

"""How far topics hold together if a few documents are left out."""

from dataclasses import replace

import numpy as np
import pytest

from tests.topics.themes import themed_corpus
from worker.topics import preparation
from worker.topics.evaluation.stability import best_jaccard
from worker.topics.fit import FloatArray, TopicFit, TopicParams
from worker.topics.modelling import topics_anew
from worker.topics.pipeline import fit_topics
from worker.topics.preparation import Preparation
from worker.topics.words.encoders import CorpusEncoder, unit

PARAMS = TopicParams(min_cluster_size=5)


def fitted(texts: list[str], embeddings: FloatArray, stability: int) -> TopicFit:
    """Fit with reruns."""
    fit = fit_topics(
        texts,
        embeddings,
        PARAMS,
        encoder=CorpusEncoder(),
        device="cpu",
        on_stage=lambda _: None,
        stability=stability,
    )
    assert isinstance(fit, TopicFit)
    return fit


def themes_and_a_blur() -> tuple[list[str], FloatArray]:
    """Three themes, and as many comments without one."""
    texts, embeddings, _ = themed_corpus(30, 4)
    blur = np.random.default_rng(1).normal(size=(30, embeddings.shape[1]))
    embeddings[90:] = unit(0.2 * embeddings[90:] + unit(blur))
    return texts, embeddings


@pytest.mark.slow
def test_a_topic_without_a_core_falls_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Themes are found again each time; what is no theme is not. Neighbors are searched once, the fit is the same."""
    searched = []
    search = preparation.nearest_neighbors
    monkeypatch.setattr(preparation, "nearest_neighbors", lambda *a, **k: searched.append(1) or search(*a, **k))
    texts, embeddings = themes_and_a_blur()
    fit = fitted(texts, embeddings, stability=4)
    assert len(searched) == 1
    stability = fit.stability
    assert stability is not None
    assert (stability.n_reruns, stability.left_out) == (4, 2)
    assert len(stability.topics) == len(fit.topics)
    themes = {int(topic) for topic in fit.labels[:90]}
    assert len(themes) == 3
    assert len(fit.topics) > 3
    for topic, found_again in enumerate(stability.topics):
        assert found_again > 0.8 if topic in themes else found_again < 0.6
    plain = fitted(texts, embeddings, stability=0)
    assert plain.stability is None
    assert np.array_equal(plain.labels, fit.labels)
    assert replace(fit, labels=plain.labels, probabilities=plain.probabilities, stability=None) == plain


def test_a_part_is_what_its_documents_alone_would_be() -> None:
    """The neighbors and the topics of some documents are those of a batch that holds no others."""
    texts, embeddings = themes_and_a_blur()
    shared = Preparation(texts, embeddings, "cpu")
    kept = np.delete(np.arange(120), [3, 50, 100, 119])
    with pytest.raises(ValueError, match="for_fit"):
        shared.part(kept, None)  # type: ignore[arg-type]
    prepared = shared.for_fit(PARAMS, preparation.adapt(PARAMS, 120), CorpusEncoder())
    part = shared.part(kept, prepared)
    rows = shared.order[kept]
    alone = Preparation([texts[row] for row in rows], embeddings[rows], "cpu")
    assert np.array_equal(alone.order, np.arange(116))
    expected = alone.for_fit(PARAMS, preparation.adapt(PARAMS, 116), CorpusEncoder())
    assert np.array_equal(part.neighbors.indices, expected.neighbors.indices)
    np.testing.assert_array_equal(part.neighbors.distances, expected.neighbors.distances)
    assert part.adapted == expected.adapted
    assert np.array_equal(topics_anew(part), topics_anew(expected))


def test_jaccard_of_sets() -> None:
    """As counted with sets; outliers are no topic."""
    rng = np.random.default_rng(0)
    labels, others = rng.integers(-1, 4, 60), rng.integers(-1, 3, 60)
    found = best_jaccard(labels, others, 5)
    for topic in range(4):
        own = set(np.flatnonzero(labels == topic))
        sets = [set(np.flatnonzero(others == other)) for other in range(3)]
        assert found[topic] == max(len(own & other) / len(own | other) for other in sets)
    assert found[4] == 0
    assert best_jaccard(labels, np.full(60, -1), 5).max() == 0

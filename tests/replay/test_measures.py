"""The figures behind the doubts: what keywords tell, what is no answer, what is denied, who is near."""

import numpy as np
import pytest

from worker.replay.report.measures import no_answer_share
from worker.topics.evaluation.coverage import coverage as coverage_of
from worker.topics.evaluation.trust import cohesion as cohesion_of
from worker.topics.evaluation.trust import denied_shares
from worker.topics.words.encoders import unit
from worker.topics.words.vocabulary import build_vocabulary


def test_what_keywords_tell() -> None:
    """Comments with a keyword, comments like those, and others; in the topic, the next one and all others."""
    exams, campus, others = ["exam paper", "exam room", "exam date", "quiz"], ["campus"], ["exam", "rain"]
    directions = [[1, 0.1, 0, 0], [1, 0, 0.1, 0], [1, 0.1, 0, 0], [1, 0.05, 0.05, 0], [0, 0, 1, 0], *2 * [[0, 0, 0, 1]]]
    vocabulary = build_vocabulary([*exams, *campus, *others])
    labels, rivals = np.array([0, 0, 0, 0, 1, 2, 2]), np.array([2, 0, -1])
    keywords = [["exam"], ["campus"], ["rain"]]
    found = coverage_of(unit(np.array(directions, dtype=np.float32)), labels, rivals, keywords, vocabulary)
    assert found.own.tolist() == [0.75, 1.0, 0.5]
    assert found.elsewhere.tolist() == pytest.approx([1 / 3, 0, 0])
    assert found.at_rival.tolist() == [0.5, 0.0, 0.0]
    assert found.told.tolist() == [1.0, 1.0, 0.5]
    directions[3] = [0, 1, 0, 0]
    found = coverage_of(unit(np.array(directions, dtype=np.float32)), labels, rivals, keywords, vocabulary)
    assert found.told[0] == 0.75


def test_similarity_within_and_beside_is_that_of_pairs() -> None:
    """The means over all pairs of documents, one by one, and the topic that comes nearest."""
    draws = np.random.default_rng(1)
    embeddings = unit(draws.normal(size=(30, 8)) + np.repeat(draws.normal(size=(3, 8)), 10, axis=0))
    labels = np.repeat(np.arange(3), 10)
    found, rivals = cohesion_of(embeddings, labels, 3)
    centred = unit(embeddings - embeddings.mean(axis=0))
    cosines = centred @ centred.T
    for topic in range(3):
        own = labels == topic
        within = cosines[np.ix_(own, own)][~np.eye(10, dtype=bool)].mean()
        beside = [cosines[np.ix_(own, labels == other)].mean() if other != topic else -2.0 for other in range(3)]
        assert found[topic, 0] == pytest.approx(within, abs=1e-5)
        assert found[topic, 1] == pytest.approx(max(beside), abs=1e-5)
        assert rivals[topic] == int(np.argmax(beside))


@pytest.mark.parametrize(
    "text", ["N/A", "n.a.", " none ", "None!!", "No comment.", "wala po", "I don't know", "nothing"]
)
def test_what_is_no_answer(text: str) -> None:
    """Ways to say nothing."""
    assert no_answer_share([text]) == 1.0


@pytest.mark.parametrize("text", ["No feedback on essays", "none of the lectures began on time", "nothing new", "good"])
def test_what_is_an_answer(text: str) -> None:
    """Comments that begin as one that says nothing."""
    assert no_answer_share([text]) == 0.0


def test_how_often_a_keyword_is_denied() -> None:
    """Of four comments with the word three deny it; a keyword that is itself denied counts the other way."""
    texts = ["not clear", "never clear", "it is not clear", "clear", "slides", "slides"]
    labels = np.array([0, 0, 0, 0, 1, 1])
    vocabulary = build_vocabulary(texts)
    (denied,) = [str(term) for term in vocabulary.terms[vocabulary.denied]]
    shares = denied_shares(labels, [["clear"], ["slides"]], vocabulary)
    assert shares.tolist() == [0.75, 0.0]
    assert denied_shares(labels, [[denied], ["slides"]], vocabulary).tolist() == [0.25, 0.0]

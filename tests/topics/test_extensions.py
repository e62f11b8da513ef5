"""Guided aspects and second topics: only if a request asks for them."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from tests.topics.themes import THEMES, themed_corpus
from worker.contract.envelope import Batch, Correlation
from worker.contract.result import completed
from worker.topics.clusters.outliers import second_topics
from worker.topics.fit import TopicFit, TopicParams
from worker.topics.pipeline import fit_topics
from worker.topics.words.academic_aspects import ACADEMIC_ASPECTS
from worker.topics.words.encoders import CorpusEncoder, KeywordEncoder, TransformerEncoder, unit
from worker.topics.words.loading import choose_encoder

NOW = datetime(2026, 3, 21, tzinfo=UTC)
ASPECTS = {
    "marks": ("grade", "rubric", "curve"),
    "laboratory work": ("lab experiment", "beaker"),
    "cafeteria": ("rice", "adobo"),
}


def fit_of(params: TopicParams, encoder: KeywordEncoder | None = None) -> tuple[TopicFit, Batch]:
    """Fit six themes with these parameters."""
    texts, embeddings, _ = themed_corpus(20)
    batch = Batch(
        submission_ids=tuple(f"s{i}" for i in range(len(texts))),
        texts=tuple(texts),
        embeddings=embeddings,
        kept=np.arange(len(texts)),
        params=params,
        correlation=Correlation(),
    )
    fit = fit_topics(
        texts, embeddings, params, encoder=encoder or CorpusEncoder(), device="cpu", on_stage=lambda _: None
    )
    assert isinstance(fit, TopicFit)
    return fit, batch


def theme_of(fit: TopicFit, topic: int) -> str:
    """Name the theme whose words a topic's keywords are."""
    words = {word for keyword in fit.topics[topic].keywords for word in keyword.split(" ")}
    return max(THEMES, key=lambda name: len(words & set(THEMES[name].split())))


def test_topics_find_their_aspect() -> None:
    """By their words' direction; what the batch does not speak of matches nothing."""
    fit, batch = fit_of(TopicParams(aspects=ASPECTS))
    assert fit.aspects is not None
    matched = {theme_of(fit, i): m.label for i, m in enumerate(fit.aspects) if not m.is_emergent}
    assert matched == {"grading": "marks", "laboratory": "laboratory work"}
    document = completed(batch, fit, now=NOW)
    mapping = document["aspectMapping"]
    assert isinstance(mapping, dict)
    assert {name: len(topics) for name, topics in mapping.items()} == {"marks": 1, "laboratory work": 1, "cafeteria": 0}
    for topic in document["topics"]:
        assert topic["isEmergent"] == (topic["aspectSimilarity"] < 0.65)


def test_the_threshold_decides_what_is_emergent() -> None:
    """At -1 nothing is, above every similarity everything."""
    for threshold, expected in ((-1.0, False), (1.0, True)):
        fit, _ = fit_of(TopicParams(aspects=ASPECTS, match_threshold=threshold))
        assert fit.aspects is not None
        assert {match.is_emergent for match in fit.aspects} == {expected}


@pytest.mark.slow
def test_built_in_aspects_with_a_language_model(real_model: str) -> None:
    """The ten academic ones; a topic about lateness is nearest to punctuality."""
    encoder = choose_encoder(real_model, "unused", "cpu").encoder
    assert isinstance(encoder, TransformerEncoder)
    fit, batch = fit_of(TopicParams(academic_aspects=True), encoder)
    assert fit.aspects is not None
    labels = {theme_of(fit, i): match.label for i, match in enumerate(fit.aspects)}
    assert labels["punctuality"] == "punctuality"
    assert labels["grading"] == "assessment and grading"
    assert labels["online"] == "digital tools"
    mapping = completed(batch, fit, now=NOW)["aspectMapping"]
    assert isinstance(mapping, dict)
    assert sorted(mapping) == sorted(ACADEMIC_ASPECTS)
    assert len(ACADEMIC_ASPECTS) == 10


def test_a_second_topic_is_one_whose_members_are_no_nearer() -> None:
    """A document on the way to another topic has it; one far away and an outlier have none."""
    angles = np.radians([0, 12, 20, 90, 14, 95, 45])
    embeddings = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    labels = np.array([0, 0, 0, 1, 1, 1, -1])
    second = second_topics(labels, np.full(7, 0.9, np.float32), embeddings)
    assert second.labels.tolist() == [-1, -1, -1, -1, 0, -1, -1]
    assert 0 < second.probabilities[4] <= 0.5


def test_second_topics_in_the_result() -> None:
    """A comment between two themes has both, and the first is the surer one."""
    texts, embeddings, _ = themed_corpus(40)
    centers = unit(embeddings[:40].mean(axis=0, keepdims=True)), unit(embeddings[80:120].mean(axis=0, keepdims=True))
    between = unit(centers[0] + centers[1] + 0.02 * np.random.default_rng(0).normal(size=(2, 768)))
    texts, embeddings = texts + texts[:2], np.concatenate([embeddings, between])
    params = TopicParams(multi_topic=True)
    fit = fit_topics(texts, embeddings, params, encoder=CorpusEncoder(), device="cpu", on_stage=lambda _: None)
    assert isinstance(fit, TopicFit)
    batch = Batch(
        tuple(f"s{i}" for i in range(len(texts))),
        tuple(texts),
        embeddings,
        np.arange(len(texts)),
        params,
        Correlation(),
    )
    assignments = completed(batch, fit, now=NOW)["assignments"]
    assert isinstance(assignments, list)
    multiple = [assignment for assignment in assignments if assignment["isMultiTopic"]]
    assert any(assignment["submissionId"] == f"s{240 + i}" for assignment in multiple for i in range(2))
    for assignment in multiple:
        assert assignment["secondaryTopicIndex"] != assignment["topicIndex"]
        assert 0 < assignment["secondaryProbability"] <= assignment["probability"]
    assert all("secondaryTopicIndex" not in a for a in assignments if not a["isMultiTopic"])


def test_extensions_change_nothing_else() -> None:
    """Without them the result is byte for byte what it is with them, less their own fields."""
    plain, batch = fit_of(TopicParams())
    asked, _ = fit_of(TopicParams(aspects=ASPECTS, multi_topic=True))
    stripped = replace(asked, aspects=None, second=None)
    assert json.dumps(completed(batch, stripped, now=NOW)) == json.dumps(completed(batch, plain, now=NOW))
    assert plain.aspects is None
    assert plain.second is None


@pytest.mark.parametrize("seeds", [("the",), ("👍",), ("nowhere",)])
def test_seeds_without_a_word_in_the_batch_match_nothing(seeds: tuple[str, ...]) -> None:
    """Stop words, symbols and strangers have no direction."""
    fit, _ = fit_of(TopicParams(aspects={"odd": seeds}))
    assert fit.aspects is not None
    assert all(match.is_emergent for match in fit.aspects)
    assert all(match.similarity == 0 for match in fit.aspects)

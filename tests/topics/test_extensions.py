"""Guided aspects and second topics: only if a request asks for them."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from tests.contract.test_schema import RESULT
from tests.topics.themes import THEMES, themed_corpus
from worker.contract.envelope import Batch, Correlation
from worker.contract.result import completed
from worker.topics.clusters.outliers import second_topics
from worker.topics.extensions import SecondTopicRule
from worker.topics.fit import BatchWarning, FloatArray, OnStage, StageEvent, TopicFit, TopicParams
from worker.topics.pipeline import fit_topics
from worker.topics.words.academic_aspects import ACADEMIC_ASPECTS
from worker.topics.words.chance import standing
from worker.topics.words.encoders import CorpusEncoder, KeywordEncoder, TransformerEncoder, unit
from worker.topics.words.keywords import Keyword, diversified
from worker.topics.words.loading import choose_encoder

NOW = datetime(2026, 3, 21, tzinfo=UTC)
# The contract's.
NAMES = {
    "teaching_clarity",
    "assessment_grading",
    "workload_pacing",
    "teaching_methodology",
    "instructor_attitude",
    "responsiveness_support",
    "punctuality_attendance",
    "lms_digital_tools",
    "real_world_relevance",
    "language_communication",
}
ASPECTS = {
    "marks": ("grade", "rubric", "curve"),
    "laboratory work": ("lab experiment", "beaker"),
    "cafeteria": ("rice", "adobo"),
}


def fit_of(
    params: TopicParams, encoder: KeywordEncoder | None = None, on_stage: OnStage = lambda _: None
) -> tuple[TopicFit, Batch]:
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
    fit = fit_topics(texts, embeddings, params, encoder=encoder or CorpusEncoder(), device="cpu", on_stage=on_stage)
    assert isinstance(fit, TopicFit)
    return fit, batch


def theme_of(fit: TopicFit, topic: int) -> str:
    """Name the theme whose words a topic's keywords are."""
    words = {word for keyword in fit.topics[topic].keywords for word in keyword.split(" ")}
    return max(THEMES, key=lambda name: len(words & set(THEMES[name].split())))


def matched(fit: TopicFit) -> dict[str, str]:
    """Name the aspect of each theme that has one."""
    assert fit.guidance is not None
    return {theme_of(fit, i): match.label for i, match in enumerate(fit.guidance.matches) if not match.is_emergent}


def test_topics_find_their_aspect() -> None:
    """By their words' direction; what the batch does not speak of matches nothing."""
    fit, batch = fit_of(TopicParams(aspects=ASPECTS))
    assert matched(fit) == {"grading": "marks", "laboratory": "laboratory work"}
    document = completed(batch, fit, now=NOW)
    mapping, topics = document["aspectMapping"], document["topics"]
    assert isinstance(mapping, dict)
    assert isinstance(topics, list)
    assert mapping.pop("-1") == {"aspect": "outlier", "similarity": 0.0}
    assert mapping == {
        str(topic["topicIndex"]): {"aspect": topic["aspectLabel"], "similarity": topic["aspectSimilarity"]}
        for topic in topics
    }
    assert [topic["isEmergent"] for topic in topics] == [topic["aspectLabel"] == "emergent" for topic in topics]
    assert sorted(topic["aspectLabel"] for topic in topics) == ["emergent"] * 4 + ["laboratory work", "marks"]
    RESULT.validate(document)


def test_the_threshold_decides_what_is_emergent() -> None:
    """At -1 nothing is, above every similarity everything."""
    for threshold, expected in ((-1.0, False), (1.0, True)):
        fit, _ = fit_of(TopicParams(aspects=ASPECTS, match_threshold=threshold))
        assert fit.guidance is not None
        assert {match.is_emergent for match in fit.guidance.matches} == {expected}


@pytest.mark.slow
def test_built_in_aspects_with_a_language_model(real_model: str) -> None:
    """The ten academic ones; a topic about lateness is nearest to punctuality."""
    encoder = choose_encoder(real_model, "unused", "cpu").encoder
    assert isinstance(encoder, TransformerEncoder)
    fit, batch = fit_of(TopicParams(academic_aspects=True), encoder)
    labels = matched(fit)
    assert labels["punctuality"] == "punctuality_attendance"
    assert labels["grading"] == "assessment_grading"
    assert labels["online"] == "lms_digital_tools"
    assert "humour" not in labels
    assert completed(batch, fit, now=NOW)["aspectMapping"]
    assert ACADEMIC_ASPECTS.keys() == NAMES


def test_one_threshold_serves_every_encoder() -> None:
    """What all words have in common tells nothing of a topic, however much of each cosine it is."""
    rng = np.random.default_rng(0)
    themes = unit(rng.normal(size=(12, 64)))

    def words(theme: int, n: int) -> FloatArray:
        return unit(themes[theme] + 0.1 * rng.normal(size=(n, 64)))

    topics, seeds = unit(np.stack([words(theme, 9).mean(axis=0) for theme in range(3)])), [words(0, 4), words(1, 3)]
    batch = np.concatenate([words(theme, 40) for theme in range(12)])
    for common in (0.0, 3.0):
        topics_seen, batch_seen, *seeds_seen = (unit(part + common * themes[11]) for part in (topics, batch, *seeds))
        owner = np.repeat([0, 1], [4, 3])
        beyond = standing(topics_seen, np.concatenate(seeds_seen), owner, batch_seen, 2)
        best = np.where(beyond.scores.max(axis=1) > beyond.needed, beyond.scores.argmax(axis=1), -1)
        assert best.tolist() == [0, 1, -1]
    assert (topics_seen @ np.concatenate(seeds_seen).T).min() > 0.8


def test_random_seeds_match_hardly_a_topic() -> None:
    """Seeds that are drawn from the batch's own words, as a hundred aspects of five."""
    rng = np.random.default_rng(1)
    words, topics = unit(rng.normal(size=(300, 32)) + 1), unit(rng.normal(size=(20, 32)) + 1)
    n_matched = 0
    for _ in range(20):
        seeds = words[rng.integers(0, 300, size=25)]
        beyond = standing(topics, seeds, np.repeat(np.arange(5), 5), words, 5)
        n_matched += int((beyond.scores.max(axis=1) > beyond.needed).sum())
    assert n_matched < 0.1 * 20 * 20


def test_an_aspect_of_as_many_seeds_as_the_batch_has_words_is_compared_with_chance() -> None:
    """Random aspects of all words would be one and the same, and anything beyond it certain."""
    rng = np.random.default_rng(2)
    words, topics = unit(rng.normal(size=(10, 32))), unit(rng.normal(size=(20, 32)))
    seeds = unit(rng.normal(size=(12, 32)))
    beyond = standing(topics, seeds, np.repeat([0, 1], [10, 2]), words, 2)
    assert np.abs(beyond.scores).max() < 20
    assert np.mean(beyond.scores.argmax(axis=1) == 0) < 0.8


def test_an_encoder_that_cannot_tell_the_aspects_apart_is_named() -> None:
    """In the log, in the job's log and in the fit; also aspects of which nothing is in the batch."""
    words = {name: THEMES[name].split() for name in ("grading", "humour")}
    mixed = {"one": words["grading"][:4] + words["humour"][:4], "two": words["grading"][4:8] + words["humour"][4:8]}
    for aspects, told in ((words, ""), (mixed, "cannot tell the aspects apart"), (ASPECTS, "1 of 3 aspects")):
        events: list[StageEvent] = []
        params = TopicParams(aspects={name: tuple(seeds) for name, seeds in aspects.items()})
        fit, _ = fit_of(params, on_stage=events.append)
        assert fit.guidance is not None
        lines = [event.line for event in events if isinstance(event, BatchWarning)]
        assert lines == ([fit.guidance.warning] if told else [])
        assert told in fit.guidance.warning


def test_diverse_keywords() -> None:
    """With no diversity they are the best ones in their order; the more of it, the less they are alike."""
    likeness = {}
    for diversity in (0.0, 0.4, 0.9):
        fit, _ = fit_of(TopicParams(aspects=ASPECTS, mmr_diversity=diversity))
        assert fit.guidance is not None
        assert all(0 < len(set(own)) == len(own) <= 10 for own in fit.guidance.diverse)
        likeness[diversity] = [own[0] for own in fit.guidance.diverse]
    assert likeness[0.0] == [topic.keywords[0] for topic in fit.topics] == likeness[0.9]
    vectors = unit(np.array([[1, 0, 0], [1, 0.1, 0], [0, 1, 0], [0, 0, 1]]))
    words = [
        Keyword(term, score, vector) for term, score, vector in zip("abcd", (1, 0.9, 0.5, 0.4), vectors, strict=True)
    ]
    assert ["".join(word.term for word in diversified(words, d)) for d in (0.0, 0.4, 1.0)] == ["abcd", "acdb", "acdb"]


def test_a_second_topic_is_one_whose_members_are_no_nearer() -> None:
    """A document on the way to another topic has it; one far away and an outlier have none."""
    angles = np.radians([0, 12, 20, 90, 14, 95, 45])
    embeddings = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    labels = np.array([0, 0, 0, 1, 1, 1, -1])
    rule = SecondTopicRule(most_gap=0.3)
    second = second_topics(labels, np.full(7, 0.9, np.float32), embeddings, rule)
    assert second.labels.tolist() == [-1, -1, -1, -1, 0, -1, -1]
    assert second.probabilities[4] == pytest.approx(2 / 3, abs=1e-4)


@pytest.mark.parametrize(
    "rule",
    [SecondTopicRule(primary=0.91), SecondTopicRule(secondary=0.67, most_gap=1), SecondTopicRule(most_gap=0.23)],
)
def test_each_bound_of_a_second_topic(rule: SecondTopicRule) -> None:
    """The first is too unsure, the second is, or the first is too much surer."""
    angles = np.radians([0, 12, 20, 90, 14, 95])
    embeddings = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    second = second_topics(np.array([0, 0, 0, 1, 1, 1]), np.full(6, 0.9, np.float32), embeddings, rule)
    assert (second.labels == -1).all()


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
        assert assignment["probability"] >= 0.2
        assert assignment["secondaryProbability"] >= 0.15
        assert 0 <= round(assignment["probability"] - assignment["secondaryProbability"], 4) <= 0.2
    assert all("secondaryTopicIndex" not in a for a in assignments if not a["isMultiTopic"])


def test_extensions_change_nothing_else() -> None:
    """Without them the result is byte for byte what it is with them, less their own fields."""
    plain, batch = fit_of(TopicParams())
    asked, _ = fit_of(TopicParams(aspects=ASPECTS, multi_topic=True))
    stripped = replace(asked, guidance=None, second=None)
    assert json.dumps(completed(batch, stripped, now=NOW)) == json.dumps(completed(batch, plain, now=NOW))
    assert plain.guidance is None
    assert plain.second is None


@pytest.mark.parametrize("seeds", [("the",), ("👍",), ("nowhere",)])
def test_seeds_without_a_word_in_the_batch_match_nothing(seeds: tuple[str, ...]) -> None:
    """Stop words, symbols and strangers have no direction."""
    fit, _ = fit_of(TopicParams(aspects={"odd": seeds}))
    assert fit.guidance is not None
    assert all(match.is_emergent for match in fit.guidance.matches)
    assert all(match.similarity == 0 for match in fit.guidance.matches)

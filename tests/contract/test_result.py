"""The response document: order, rounding, counts, and what a broken fit does."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from tests.contract.envelopes import make_envelope, make_fit
from worker.contract.envelope import Batch, read_envelope
from worker.contract.result import completed, failed, no_topics
from worker.errors import EngineFailed
from worker.topics.fit import NoTopics, NoTopicsReason, Shortfall, Topic, TopicFit, TopicMetrics
from worker.version import WORKER_VERSION

NOW = datetime(2026, 3, 21, 10, 35, 0, 999, tzinfo=UTC)


@pytest.fixture
def batch() -> Batch:
    """Make a batch of 20 items, the first one a zero vector."""
    envelope = make_envelope(20)
    envelope["items"][0]["embedding"] = [0.0] * 768
    envelope["items"][6]["embedding"] = [0.0] * 768
    outcome = read_envelope(envelope)
    assert isinstance(outcome, Batch)
    return outcome


def test_completed_document(batch: Batch) -> None:
    """Two topics, an outlier and two zero vectors give exactly the contract's document."""
    document = completed(batch, make_fit(batch), now=NOW)
    assert list(document) == [
        "version",
        "status",
        "topics",
        "assignments",
        "metrics",
        "outlierCount",
        "completedAt",
    ]
    assert document["version"] == WORKER_VERSION
    assert document["status"] == "completed"
    assert document["topics"] == [
        {
            "topicIndex": index,
            "rawLabel": f"{index}_word{index}_fast_klaro kaayo_grade",
            "keywords": [f"word{index}", "fast", "klaro kaayo", "grade", "late"],
            "docCount": count,
        }
        for index, count in enumerate([9, 8])
    ]
    assert document["outlierCount"] == 3
    assert document["metrics"] == {
        "npmi_coherence": 0.1523,
        "topic_diversity": 0.82,
        "outlier_ratio": 0.15,
        "silhouette_score": 0.0,
        "embedding_coherence": 0.6102,
    }
    assert "-0.0" not in json.dumps(document)
    assert document["completedAt"] == "2026-03-21T10:35:00.000Z"


def test_assignments_follow_the_items(batch: Batch) -> None:
    """Only documents in a topic are assigned, in request order, zero vectors skipped."""
    assignments = completed(batch, make_fit(batch), now=NOW)["assignments"]
    # Kept are 1-5 and 7-19; the first of them is the outlier.
    positions = [2, 3, 4, 5, *range(7, 20)]
    assert assignments == [
        {"submissionId": f"sub-{position}", "topicIndex": index % 2, "probability": 0.7234}
        for index, position in enumerate(positions)
    ]


def test_document_is_plain_json(batch: Batch) -> None:
    """No numpy scalar, NaN or null is left in the document."""
    document = completed(batch, make_fit(batch), now=NOW)
    text = json.dumps(document, allow_nan=False)
    assert json.loads(text) == document
    assert "null" not in text


def test_probabilities_are_clipped_and_rounded(batch: Batch) -> None:
    """Float noise beyond [0, 1] and a negative zero do not reach the API."""
    fit = make_fit(batch, [0] * 18)
    odd = np.array([1.0000001, -1e-9, -0.0, 0.12344, 1 / 3] + [0.5] * 13, dtype=np.float32)
    assignments = completed(batch, replace(fit, probabilities=odd), now=NOW)["assignments"]
    assert isinstance(assignments, list)
    shown = [json.dumps(assignment).split()[-1] for assignment in assignments[:5]]
    assert shown == ["1.0}", "0.0}", "0.0}", "0.1234}", "0.3333}"]


def test_keywords_are_at_most_ten_and_none_twice(batch: Batch) -> None:
    """The document holds the contract's limit whatever the engine gives."""
    keywords = ("a", "b", "a", *(f"k{number}" for number in range(12)))
    fit = replace(make_fit(batch, [0] * 18), topics=(Topic(keywords, 18),))
    topics = completed(batch, fit, now=NOW)["topics"]
    assert isinstance(topics, list)
    assert topics[0]["keywords"] == ["a", "b", *(f"k{number}" for number in range(8))]
    assert topics[0]["rawLabel"] == "0_a_b_k0_k1"


def test_a_label_is_one_that_a_database_column_can_take(batch: Batch) -> None:
    """Of long keywords it holds as many as fit, whole."""
    keywords = tuple(f"{letter * 40} {letter * 40}" for letter in "abcd")
    fit = replace(make_fit(batch, [0] * 18), topics=(Topic(keywords, 18),))
    topics = completed(batch, fit, now=NOW)["topics"]
    assert isinstance(topics, list)
    assert topics[0]["keywords"] == list(keywords)
    assert topics[0]["rawLabel"] == "_".join(["0", *keywords[:2]])


@pytest.mark.parametrize(
    "change",
    [
        lambda fit: replace(fit, labels=fit.labels[1:]),
        lambda fit: replace(fit, probabilities=fit.probabilities[1:]),
        lambda fit: replace(fit, topics=()),
        lambda fit: replace(fit, topics=fit.topics[:1]),
        lambda fit: replace(fit, topics=(*fit.topics, Topic(("x",), 0))),
        lambda fit: replace(fit, labels=fit.labels - 1),
        lambda fit: replace(fit, labels=np.where(fit.labels >= 0, 1 - fit.labels, -1)),
        lambda fit: replace(fit, probabilities=fit.probabilities * np.float32("nan")),
        lambda fit: replace(fit, metrics=TopicMetrics(float("nan"), 0, 0, 0, 0)),
        lambda fit: replace(fit, metrics=TopicMetrics(0, 0, 0, float("inf"), 0)),
    ],
)
def test_a_fit_that_contradicts_itself_is_a_bug(batch: Batch, change: object) -> None:
    """A broken fit raises, so that no document with a broken invariant leaves."""
    assert callable(change)
    fit: TopicFit = change(make_fit(batch))
    with pytest.raises(EngineFailed, match=r"^the engine gave"):
        completed(batch, fit, now=NOW)


def test_failed_document() -> None:
    """A failure has exactly four fields."""
    assert failed("All embeddings are zero vectors", now=NOW) == {
        "version": WORKER_VERSION,
        "status": "failed",
        "error": "All embeddings are zero vectors",
        "completedAt": "2026-03-21T10:35:00.000Z",
    }


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        (NoTopics.NO_CLUSTERS, "BERTopic produced 0 topics"),
        (
            NoTopics.NO_KEYWORDS,
            "No keywords: the texts hold only stop words, symbols or digits",
        ),
    ],
)
def test_no_topics_document(reason: NoTopics, error: str) -> None:
    """Each reason for no topics has the contract's message."""
    assert no_topics(reason, now=NOW) == failed(error, now=NOW)


def test_the_cause_of_no_topics_is_told() -> None:
    """How many similar comments were wanted, among how many, and the most that there were."""
    outcome = NoTopics(NoTopicsReason.NO_CLUSTERS, Shortfall(wanted=500, n_documents=800, largest=212))
    assert no_topics(outcome, now=NOW)["error"] == (
        "BERTopic produced 0 topics: no group of at least 500 similar comments among 800, the largest had 212"
    )


def test_completed_at_is_utc_whatever_the_clock() -> None:
    """Another time zone is converted, milliseconds are cut."""
    manila = datetime(2026, 3, 21, 18, 35, 0, 123_999, tzinfo=timezone(timedelta(hours=8)))
    assert failed("x", now=manila)["completedAt"] == "2026-03-21T10:35:00.123Z"


def test_version_is_the_package_version() -> None:
    """The worker's version has three numbers."""
    assert len(WORKER_VERSION.split(".")) == 3

"""What becomes of an attempt."""

from datetime import UTC, datetime

import numpy as np
import pytest

from tests.contract.envelopes import make_envelope
from worker.contract.envelope import Batch, Correlation, Rejection, read_envelope
from worker.errors import ComputeCancelled, ComputeCrashed, ComputeTimedOut, EngineFailed, ModelUnavailable
from worker.jobs.settlement import CANCELLED, HANDED_BACK, Complete, Fail, HandBack, LetGo, one_line, settle
from worker.jobs.topic_model import TOPIC_MODEL
from worker.topics.fit import NoTopics, Topic, TopicFit, TopicMetrics

NOW = datetime(2026, 3, 21, 10, 35, tzinfo=UTC)


@pytest.fixture
def batch() -> Batch:
    """Give a sound batch of 20 items."""
    outcome = read_envelope(make_envelope(20))
    assert isinstance(outcome, Batch)
    return outcome


def fit_of(n: int) -> TopicFit:
    """Put n documents into one topic."""
    return TopicFit(
        labels=np.zeros(n, dtype=np.int64),
        probabilities=np.ones(n, dtype=np.float32),
        topics=(Topic(("clear", "fair"), n),),
        metrics=TopicMetrics(0.1, 1.0, 0.0, 0.2, 0.5),
    )


def test_a_rejection_completes_as_failed() -> None:
    """The same data would fail again."""
    rejection = Rejection("All embeddings are zero vectors", Correlation(None, None, None))
    settlement = settle(TOPIC_MODEL, rejection, None, now=NOW)
    assert isinstance(settlement, Complete)
    assert settlement.document["error"] == "All embeddings are zero vectors"


@pytest.mark.parametrize("reason", [NoTopics.NO_CLUSTERS, NoTopics.NO_KEYWORDS])
def test_no_topics_completes_as_failed(batch: Batch, reason: NoTopics) -> None:
    """So would a batch without topics."""
    settlement = settle(TOPIC_MODEL, batch, (reason,), now=NOW)
    assert isinstance(settlement, Complete)
    assert settlement.document["status"] == "failed"


def test_topics_complete(batch: Batch) -> None:
    """The document is delivered."""
    settlement = settle(TOPIC_MODEL, batch, (fit_of(20),), now=NOW)
    assert isinstance(settlement, Complete)
    assert settlement.document["status"] == "completed"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ComputeCrashed(-11, "reduce"), "compute process died of SIGSEGV in stage reduce"),
        (ComputeTimedOut(300_000, "reduce"), "timed out after 300000 ms in stage reduce"),
        (EngineFailed("ValueError at worker/topics/x.py:7", "cluster", poisoned=False), "in stage cluster"),
        (KeyError("a comment"), "a bug: KeyError"),
        (None, "a bug: the computing had no outcome"),
    ],
)
def test_infrastructure_errors_fail_the_attempt(batch: Batch, error: BaseException | None, reason: str) -> None:
    """BullMQ retries; the reason is one readable line without data."""
    settlement = settle(TOPIC_MODEL, batch, error, now=NOW)
    assert isinstance(settlement, Fail)
    assert settlement.reason.endswith(reason)
    assert "a comment" not in settlement.reason


def test_a_fit_that_contradicts_itself_fails_the_attempt(batch: Batch) -> None:
    """A bug of the engine is no result."""
    assert isinstance(settle(TOPIC_MODEL, batch, (fit_of(3),), now=NOW), Fail)


def test_stopping_hands_back_and_a_lost_lock_lets_go(batch: Batch) -> None:
    """Neither is a failure of the job."""
    assert settle(TOPIC_MODEL, batch, ComputeCancelled(HANDED_BACK), now=NOW) == HandBack()
    stopped = settle(TOPIC_MODEL, batch, ComputeCancelled(CANCELLED), now=NOW)
    assert isinstance(stopped, Complete)
    assert stopped.document["error"] == "Cancelled"
    assert settle(TOPIC_MODEL, batch, ModelUnavailable("no such model"), now=NOW) == HandBack()
    assert settle(TOPIC_MODEL, batch, ComputeCancelled("lock lost"), now=NOW) == LetGo("lock lost")


def test_a_reason_is_one_short_line_of_utf8() -> None:
    """Whatever the error says: BullMQ's own failing would stumble over a lone surrogate."""
    line = one_line(ModelUnavailable("a\nb\ud800" + "x" * 900))
    assert line.startswith("a b?x")
    assert len(line) == 500
    assert line.encode()

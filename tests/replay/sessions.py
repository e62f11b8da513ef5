"""Sessions made in the test's own process, with the real engine and keywords without a model."""

from datetime import UTC, datetime
from typing import Any

from worker.contract.envelope import Batch, read_envelope
from worker.contract.result import completed
from worker.replay.session import Session
from worker.topics.fit import TopicFit
from worker.topics.pipeline import fit_topics
from worker.topics.words.encoders import CorpusEncoder


def session_of(envelope: dict[str, Any], *, diagnose: bool = True, levers: bool = False) -> Session:
    """Run a batch, with diagnostics unless they are not wanted, and with trials of other parameters if they are."""
    batch = read_envelope(envelope)
    assert isinstance(batch, Batch), batch
    fit = fit_topics(
        batch.texts,
        batch.embeddings,
        batch.params,
        encoder=CorpusEncoder(),
        device="cpu",
        on_stage=lambda _: None,
        diagnose=diagnose,
        levers=levers,
    )
    assert isinstance(fit, TopicFit), fit
    return Session("a test", batch, fit, completed(batch, fit, now=datetime.now(UTC)))

"""Look at a session as the report's verdict does."""

from dataclasses import replace

from worker.replay.report.assessment import Assessment, assess
from worker.replay.session import Session
from worker.topics.diagnostics import Diagnostics
from worker.topics.fit import TopicFit


def diagnostics_of(session: Session) -> Diagnostics:
    """The diagnostics, which are there."""
    assert session.fit.diagnostics is not None
    return session.fit.diagnostics


def looked_at(session: Session, fit: TopicFit | None = None, **changed: object) -> list[Assessment]:
    """Assess a fit whose diagnostics are bent one way."""
    batch = session.batch
    bent = replace(diagnostics_of(session), **changed)  # type: ignore[arg-type]
    return assess(fit or session.fit, bent, batch.texts, len(batch.submission_ids))


def doubts(topic: Assessment) -> list[str]:
    """Name the reasons to doubt a topic, without figures; each has its meaning in plain words too."""
    assert all(doubt.plain for doubt in topic.doubts)
    return [doubt.what.split(":")[0] for doubt in topic.doubts]

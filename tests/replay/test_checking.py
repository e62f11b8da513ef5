"""Changes that are tried as a whole before the report is written."""

import io
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.replay.sessions import session_of
from worker.errors import WorkerError
from worker.jobs.topic_model import fit_once
from worker.replay.checking import N_CHECKED, checked_changes
from worker.replay.computing import Computing
from worker.replay.session import Session
from worker.replay.terminal import Terminal
from worker.topics.fit import NoTopics, TopicFit
from worker.topics.task import FitBatch


class Fits:
    """Stands for the compute process: notes what is asked for, and gives the same for each variant or fails."""

    def __init__(self, given: TopicFit | NoTopics | WorkerError) -> None:
        """Take what it gives."""
        self.given = given
        self.tasks: list[FitBatch] = []

    def run(self, task: FitBatch, *_: Any) -> tuple[TopicFit | NoTopics, ...]:
        """Note the task."""
        self.tasks.append(task)
        if isinstance(self.given, WorkerError):
            raise self.given
        return (self.given,) * len(task.variants)


@pytest.fixture(scope="module")
def session() -> Session:
    """Four clean themes of twelve comments, joined to two topics by force, with trials of other values."""
    made = session_of(themed_envelope(12, 4, nr_topics=2), levers=True)
    assert made.fit.diagnostics is not None
    parts = tuple(replace(part, similarity=0.1) for part in made.fit.diagnostics.parts)
    return replace(made, fit=replace(made.fit, diagnostics=replace(made.fit.diagnostics, parts=parts)))


def flags(session: Session, fits: Fits, task: FitBatch | None = None) -> tuple[list[str], str]:
    """Give the flags that were tried, and what the terminal said."""
    stream = io.StringIO()
    asked = (session.batch, session.fit, task or fit_once(session.batch), cast(Computing, fits), Terminal(stream))
    return [one.flag for one in checked_changes(*asked)], stream.getvalue()


def test_a_value_that_changes_a_doubtful_topic_is_tried_as_a_whole(session: Session) -> None:
    """With reruns as the report has them, but without trials of its own, and without saving an object again."""
    fits = Fits(session.fit)
    task = replace(fit_once(session.batch), diagnose=True, levers=True, stability=3, save_bertopic="folder")
    tried, said = flags(session, fits, task)
    (asked,) = fits.tasks
    assert tried == [f"--set nr_topics={asked.variants[0].n_topics}"]
    assert asked.variants == (replace(session.batch.params, n_topics=asked.variants[0].n_topics),)
    assert (asked.diagnose, asked.levers, asked.stability, asked.save_bertopic) == (True, False, 3, None)
    assert f"for the report, the same comments with {tried[0]}:" in said


def test_those_with_fewest_comments_in_no_topic_are_tried(session: Session) -> None:
    """Only a few, since each costs a fit."""
    diagnostics = session.fit.diagnostics
    assert diagnostics is not None
    (real,) = [trial for trial in diagnostics.trials if trial.param == "nr_topics"]
    trials = []
    for n_outside in (5, 1, 3, 2):
        labels = real.labels.copy()
        labels[np.flatnonzero(labels == 0)[:n_outside]] = -1
        trials.append(replace(real, param="min_topic_size", value=10 + n_outside, labels=labels))
    bent = replace(session, fit=replace(session.fit, diagnostics=replace(diagnostics, trials=tuple(trials))))
    tried, _ = flags(bent, Fits(session.fit))
    assert tried == ["--set min_topic_size=11", "--set min_topic_size=12"]
    assert len(tried) == N_CHECKED


def test_a_failed_check_costs_no_report(session: Session) -> None:
    """The terminal says what is missing; a value that gives no topics is not told either."""
    tried, said = flags(session, Fits(WorkerError("the compute process ended")))
    assert tried == []
    assert "does not say whether a change would be better, because that run failed: the compute process ended" in said
    assert flags(session, Fits(NoTopics.NO_CLUSTERS))[0] == []


def test_nothing_is_tried_if_nothing_was_found_or_the_comments_would_be_embedded_again(session: Session) -> None:
    """A sweep and a batch that keeps its topics have no trials."""
    fits = Fits(session.fit)
    diagnostics = session.fit.diagnostics
    assert diagnostics is not None
    untried = replace(session, fit=replace(session.fit, diagnostics=replace(diagnostics, trials=())))
    assert flags(untried, fits)[0] == []
    assert flags(session, fits, replace(fit_once(session.batch), missing=np.array([0])))[0] == []
    assert fits.tasks == []

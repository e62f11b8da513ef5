"""What other values of the parameters would change."""

from dataclasses import replace

import numpy as np
import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.replay.assessing import diagnostics_of, looked_at
from tests.replay.sessions import session_of
from worker.replay.report.advice import advice
from worker.replay.report.doubts import Doubt
from worker.replay.report.page import render
from worker.replay.report.parameters import parameters_in_force
from worker.replay.report.view import make_view
from worker.replay.session import Session
from worker.topics.clusters.hierarchy import Hierarchy
from worker.topics.diagnostics import Trial
from worker.topics.fit import FloatArray
from worker.topics.graph.reduction import Reduction
from worker.topics.nuisance import Excess, Mark, Nuisance


def test_each_lever_is_tried_and_only_an_effect_is_advice() -> None:
    """What a trial says is what a run with that value gives; if no doubtful topic changes, nothing is advised."""
    envelope = themed_envelope(12, 4, nr_topics=2)
    session = session_of(envelope, levers=True)
    fit, diagnostics = session.fit, diagnostics_of(session)
    trials = {trial.param: trial for trial in diagnostics.trials}
    assert set(trials) >= {"nr_topics", "min_topic_size", "umap_n_neighbors", "neutralize"}
    more = trials["nr_topics"]
    rerun = session_of(themed_envelope(12, 4, nr_topics=more.value)).fit
    assert np.array_equal(rerun.labels, more.labels)
    doubted = [replace(topic, doubts=(Doubt("whatever"),)) for topic in looked_at(session)]
    first = advice(fit, diagnostics, doubted)[0]
    assert first.flag == f"--set nr_topics={more.value}"
    assert (first.before.n_topics, first.after.n_topics) == (2, more.value)
    assert first.has_effect
    assert "is divided: of its 24 comments 12 and 12 go to 2 topics" in {fate.what for fate in first.fates}
    idle = [one for one in advice(fit, diagnostics, doubted) if one.param == "neutralize"]
    assert [one.has_effect for one in idle] == [False]
    assert not any(one.has_effect for one in advice(fit, diagnostics, looked_at(session)) if one.fates == ())
    page = render(make_view(session))
    assert "now false" not in page


def test_trials_cut_the_fits_own_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    """The space of the fit is laid out once, and trials share its hierarchies."""
    laid_out: list[tuple[int, int]] = []
    built: list[int] = []
    lay_out, build = Reduction._laid_out, Hierarchy.__init__

    def laid(self: Reduction, embeddings: FloatArray) -> FloatArray:
        laid_out.append((self.n_neighbors, self.n_components))
        return lay_out(self, embeddings)

    def made(self: Hierarchy, coordinates: FloatArray, min_samples: int) -> None:
        built.append(min_samples)
        build(self, coordinates, min_samples)

    monkeypatch.setattr(Reduction, "_laid_out", laid)
    monkeypatch.setattr(Hierarchy, "__init__", made)
    session = session_of(themed_envelope(12, 4, nr_topics=2), levers=True)
    trials = diagnostics_of(session).trials
    # Nothing can be neutralized in these comments, so that the last trial has the same space.
    assert laid_out.count(laid_out[0]) == 1
    # In the space of the fit, trials that ask for the same density share a hierarchy.
    assert len(built) < 1 + len(trials)


def test_what_becomes_of_a_topic(session: Session) -> None:
    """It stays, is divided, joins others, dissolves, or changes; and it may no longer be sorted by wording."""
    labels = session.fit.labels
    gone, joined = np.where(labels == 0, -1, labels), np.where(labels == 0, 1, labels)
    doubted = [replace(topic, doubts=(Doubt("whatever"),)) for topic in looked_at(session)[:1]]
    for there, what, changes in (
        (labels, "stays", False),
        (gone, "dissolves: 12 of its 12 comments are in no topic", True),
        (joined, "joins others: 12 of its 12 comments are in a topic of 24", True),
    ):
        trial = Trial("min_topic_size", 3, there, (False,) * 4)
        (one,) = advice(session.fit, replace(diagnostics_of(session), trials=(trial,)), doubted)
        assert [(fate.what, fate.changes) for fate in one.fates] == [(what, changes)]
        assert one.concerned == (12 if changes else 0)
    worded = replace(
        session.fit, excesses=((Excess(Mark(Nuisance.PRONOUN, "she"), 0.9, 0.2, is_doubt=True),), (), (), ())
    )
    trial = Trial("neutralize", True, labels, (False,) * 4)
    (one,) = advice(worded, replace(diagnostics_of(session), trials=(trial,)), doubted)
    assert one.fates[0].what == "stays, no longer sorted by wording"
    assert (one.before.n_worded, one.after.n_worded, one.now) == (1, 0, "off")


def test_where_parameters_came_from() -> None:
    """Sent, adapted and clamped parameters are told apart."""
    session = session_of(themed_envelope(12, 3, nr_topics=5, umap_n_neighbors=150))
    origins = {parameter.name: (parameter.value, parameter.origin) for parameter in parameters_in_force(session)}
    assert origins["nr_topics"] == ("5", "sent with the job")
    assert origins["umap_n_neighbors"] == ("35", "sent with the job as 150, clamped: 36 documents allow no more")
    assert origins["min_topic_size"] == ("4", "default 15, adapted to 36 documents")

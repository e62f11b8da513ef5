"""`--explain`: why a comment is in its topic, or in none."""

import io
import re
from dataclasses import replace

from tests.acceptance.envelopes import themed_envelope
from tests.replay.sessions import session_of
from tests.replay.small_batch import SMALL
from worker.replay.explanation import explain, show_explanation
from worker.replay.report.votes import vote_on
from worker.replay.terminal import Terminal


def test_explain_an_outlier_and_a_zero_vector() -> None:
    """An outlier is told what kept it out, a zero vector that it is one."""
    envelope = themed_envelope(**SMALL, reduce_outliers=False, min_topic_size=5)
    ids = [item["submissionId"] for item in envelope["items"]]
    envelope["items"][0]["embedding"] = [0] * 768
    session = session_of(envelope)
    assert explain(session, ids[0]).lines == (
        "outlier: its embedding is the zero vector, so it was left out of the clustering",
    )
    # Whatever was clustered: one document that its cluster does not want.
    fit, diagnostics = session.fit, session.fit.diagnostics
    assert diagnostics is not None
    for array in (fit.labels, diagnostics.core, diagnostics.clusters):
        array[0] = -1
    lines = explain(session, ids[1]).lines
    assert lines[0].startswith("outlier: ")
    assert lines[1] == "HDBSCAN put it into no cluster: too few comments are close to it"


def test_what_is_said_of_the_neighbors_agrees_with_their_table() -> None:
    """A placed comment's share is that of its votes before others were placed, which the table counts."""
    session = session_of(themed_envelope(**SMALL))
    fit, diagnostics = session.fit, session.fit.diagnostics
    assert diagnostics is not None
    near = diagnostics.neighbors[0]
    # Six neighbors voted; what was placed afterwards went the other way.
    diagnostics.core[[0, *near]], fit.labels[near] = -1, 1
    diagnostics.core[near[:6]] = fit.labels[near[:6]] = [0, 0, 0, 0, 1, 2]
    fit.labels[0] = 0
    explained = explain(session, session.batch.submission_ids[0])
    # Four of six, 1, .631, .5 and .431 of 3.305 in weight.
    assert "topic 0 had 78% of the votes of its 6 clustered neighbors" in explained.lines[2]
    assert [(line.topic, line.before, line.after) for line in explained.topics] == [
        (0, 4, 4),
        (1, 1, len(near) - 5),
        (2, 1, 1),
    ]
    told_to = io.StringIO()
    show_explanation(Terminal(told_to), explained)
    assert re.search(rf"0 +4 of 6 +4 of {len(near)} ", told_to.getvalue())


def test_explain_in_a_result_of_one_topic() -> None:
    """There is no other one to be nearer to."""
    session = session_of(themed_envelope(**SMALL) | {"params": {"nr_topics": 1}})
    assert len(session.fit.topics) == 1
    lines = explain(session, session.batch.submission_ids[0]).lines
    assert not [line for line in lines if "nearer" in line or "as near" in line]


def test_the_topic_that_won_is_named() -> None:
    """Topics are renumbered after placing; the placing itself is what is told."""
    envelope = themed_envelope(**SMALL)
    session = session_of(envelope)
    diagnostics = session.fit.diagnostics
    assert diagnostics is not None
    core = diagnostics.core.copy()
    around = diagnostics.neighbors[0]
    core[around], core[around[:4]], core[around[4:8]] = -1, 0, 1
    near = replace(diagnostics, core=core)
    assert vote_on(near, 0).best == 0
    other = vote_on(near, 0, placed_in=1)
    assert (other.best, other.n_best, round(other.share, 3)) == (1, 4, 0.352)

"""Topics that are sorted by wording: what the terminal, the log and the report say of them, and what they advise."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.replay.commands import told
from tests.replay.conftest import Call
from tests.replay.sessions import session_of
from worker.replay.experiment import read_settings
from worker.replay.report.page import render
from worker.replay.report.parameters import parameters_in_force
from worker.replay.report.view import make_view
from worker.replay.session import Session
from worker.replay.terminal import Terminal
from worker.replay.topic_remarks import doubt_lines, excess_line
from worker.topics.earlier import Continuity, RefitAdvice
from worker.topics.extensions import AspectMatch, Guidance
from worker.topics.nuisance import Excess, Mark, Nuisance

SHE = Excess(Mark(Nuisance.PRONOUN, "she"), 0.93, 0.31, is_doubt=True)
NATIVE = Excess(Mark(Nuisance.LANGUAGE, "Cebuano or Tagalog"), 0.9, 0.05, is_doubt=True)
SHORT = Excess(Mark(Nuisance.LENGTH, "short", 7), 0.82, 0.25, is_doubt=True)
LONG = Excess(Mark(Nuisance.LENGTH, "long", 30), 0.82, 0.25, is_doubt=True)
REMARK = Excess(Mark(Nuisance.PRONOUN, "he"), 0.05, 0.02, is_doubt=False)


@pytest.fixture(scope="module")
def session() -> Session:
    """Five clean themes of twelve comments; the first two topics are given a wording."""
    made = session_of(themed_envelope(12, 5))
    return replace(made, fit=replace(made.fit, excesses=((SHE, SHORT), (REMARK,), (), (), ())))


@pytest.mark.parametrize(
    ("excess", "line"),
    [
        (SHE, '93% of its comments say "she", 31% of all comments do'),
        (NATIVE, "90% of its comments are in Cebuano or Tagalog, 5.0% of all comments are"),
        (SHORT, "82% of its comments are short (up to 7 words), 25% of all comments are"),
        (LONG, "82% of its comments are long (30 or more words), 25% of all comments are"),
    ],
)
def test_an_excess_in_words(excess: Excess, line: str) -> None:
    """Both shares are told."""
    assert excess_line(excess) == line


def test_the_aspects_of_topics(session: Session) -> None:
    """Beside the keywords, in the terminal's table and on the page; an emergent topic names what it is nearest to."""
    matches = [AspectMatch("lms_digital_tools", 0.8305, is_emergent=i > 0) for i in range(5)]
    guidance = Guidance(tuple(matches), (("word",),) * 5, "an odd encoder")
    guided = replace(session, fit=replace(session.fit, guidance=guidance))
    stream = io.StringIO()
    Terminal(stream).show_fit(guided.batch, guided.fit, guided.document)
    for text in (stream.getvalue(), render(make_view(guided))):
        assert text.count("lms_digital_tools (0.83)") == 5
        assert text.count("emergent, nearest lms_digital_tools (0.83)") == 4
    assert "Aspects: an odd encoder." in render(make_view(guided))
    assert "emergent, nearest" not in render(make_view(session))


def test_the_terminal_names_doubtful_topics_only(session: Session) -> None:
    """By their number in the result; a remark is for the report."""
    (line,) = doubt_lines(session.fit)
    assert line.startswith('topic 0 may be sorted by wording: 93% of its comments say "she"')
    none = (None,) * 5
    continuity = Continuity((7, 8, 9, 10, 11), none, (), (7, 8, 9, 10, 11), (), 0, 0, RefitAdvice(advised=False))
    (line,) = doubt_lines(replace(session.fit, continuity=continuity))
    assert line.startswith("topic 7 ")


def test_the_report_doubts_and_remarks(session: Session) -> None:
    """A doubt takes the topic out of the good ones; a remark does not."""
    assert all(topic.assessment.is_good for topic in make_view(session).topics)
    # Keywords that other comments hold as well do not tell what these comments say.
    assert session.fit.diagnostics is not None
    elsewhere = np.array([1.0, 0, 0, 0, 0])
    diagnostics = replace(session.fit.diagnostics, elsewhere=elsewhere)
    view = make_view(replace(session, fit=replace(session.fit, diagnostics=diagnostics)))
    assert [topic.assessment.is_good for topic in view.topics] == [False, True, True, True, True]
    page = render(view)
    assert "sorted by wording: 93% of its comments say &#34;she&#34;, 31% of all comments do; 82% of its" in page
    assert "Not enough for a doubt: 5.0% of its comments say &#34;he&#34;, 2.0% of all comments do." in page
    assert {row.name: (row.value, row.origin) for row in parameters_in_force(session)}["neutralize"] == (
        "off",
        "default",
    )


def test_the_report_says_what_was_taken_out(session: Session) -> None:
    """With its share of the variance."""
    fit = replace(session.fit, parameters={**session.fit.parameters, "neutralized": "pronoun 4.1%"})
    assert "with the share of their variance: pronoun 4.1%." in render(make_view(replace(session, fit=fit)))


def test_it_can_be_set() -> None:
    """As any parameter."""
    assert read_settings(("neutralize=true",)) == {"neutralize": True}


@pytest.mark.slow
def test_once_tells_what_it_doubts(tmp_path: Path, ask_here: Call) -> None:
    """In the line of the stage and below the table; the result has no field for it."""
    envelope = themed_envelope(20, 3, neutralize=False)
    for position, item in enumerate(envelope["items"]):
        item["text"] = f"{'she' if position < 20 else 'it'} {item['text']}"
    (tmp_path / "batch.json").write_text(json.dumps(envelope))
    process = ask_here("--once", tmp_path / "batch.json", "--set", "neutralize=true")
    assert process.returncode == 0, told(process)
    assert "neutralized=nothing" in told(process)
    assert 'sorted by wording: 100% of its comments say "she", 33% of all comments do' in told(process)
    assert ": she 100% (33%)" in told(process)
    assert "doubt" not in process.stdout.decode()

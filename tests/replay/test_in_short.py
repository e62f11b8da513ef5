"""The first screen: complaints, what not to trust, and what one change would do."""

from dataclasses import replace

import numpy as np
import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.replay.sessions import session_of
from worker.replay.extras import COMPLAINT, PRAISE, Extras
from worker.replay.report.doubts import Doubt
from worker.replay.report.in_short import in_short
from worker.replay.report.mood import complaining_words, guessed_mood
from worker.replay.report.page import render
from worker.replay.report.view import ReportView, make_view
from worker.replay.session import Session


@pytest.fixture(scope="module")
def session() -> Session:
    """Four clean themes of twelve comments, joined to two topics, with trials of other values."""
    return session_of(themed_envelope(12, 4, nr_topics=2), levers=True)


@pytest.fixture(scope="module")
def clean() -> Session:
    """Four clean themes of twelve comments."""
    return session_of(themed_envelope(12, 4))


def with_complaints(session: Session, n_complaints: int) -> Session:
    """Let the first comments of topic 1 complain, and no others."""
    texts = [f"lesson {row} of this week" for row in range(len(session.batch.texts))]
    for row in np.flatnonzero(session.fit.labels == 1).tolist()[:n_complaints]:
        texts[row] = f"Boring and <b>rude</b>, lesson {row} was not clear"
    return replace(session, batch=replace(session.batch, texts=tuple(texts)))


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("Boring and rude.", COMPLAINT),
        ("It is NOT very clear", COMPLAINT),
        ("didn’t help, wasn't helpful", COMPLAINT),
        ("dili klaro si sir", COMPLAINT),
        ("Maayo ug buotan", PRAISE),
        ("great teacher, boring room, nice slides", PRAISE),
        ("not boring", ""),
        ("good lab, bad room", ""),
        ("", ""),
    ],
)
def test_the_mood_of_a_comment_is_guessed_by_its_words(text: str, mood: str) -> None:
    """A denied praise is a complaint; a denied complaint is nothing; as many of both are nothing."""
    assert guessed_mood(text) == mood


def test_the_words_of_complaints() -> None:
    """Those that most comments hold, and no word of one comment alone."""
    assert complaining_words(["rude, rude", "boring and rude", "boring", "rude"], 3) == ("rude", "boring")
    assert complaining_words(["rude", "boring", "rude", "boring"], 1) == ("boring",)
    assert complaining_words(["awful"], 3) == ()


def test_complaints_are_told_where_they_are_more_than_usual(session: Session) -> None:
    """By the topic that holds them, with their words and one of them."""
    short = make_view(with_complaints(session, 8)).in_short
    (one,) = short.complaints
    assert (one.index, one.count, one.size, one.words) == (1, 8, 24, ("boring", "rude"))
    assert "was not clear" in one.quote
    assert short.is_guess
    # Of comments that hardly ever praise or complain nothing is guessed.
    assert make_view(with_complaints(session, 7)).in_short.complaints == ()


def test_a_topic_that_cannot_be_trusted_is_named_last(clean: Session) -> None:
    """What people complain of there may be several things, however many complain."""
    texts = [f"lesson {row} of this week" for row in range(len(clean.batch.texts))]
    for topic, n_complaints in ((0, 12), (1, 6)):
        for row in np.flatnonzero(clean.fit.labels == topic).tolist()[:n_complaints]:
            texts[row] = f"boring lesson {row} of this week"
    bent = replace(clean, batch=replace(clean.batch, texts=tuple(texts)))
    diagnostics = bent.fit.diagnostics
    assert diagnostics is not None
    topics = [topic.assessment for topic in make_view(bent).topics]
    assert [one.index for one in in_short(bent, diagnostics, topics, ()).complaints] == [0, 1]
    topics[0] = replace(topics[0], doubts=(Doubt("no answers"),))
    found = in_short(bent, diagnostics, topics, ())
    assert [(one.index, one.is_good) for one in found.complaints] == [(1, True), (0, False)]
    assert found.change is None


def test_a_key_that_tells_praise_from_complaint_is_asked_before_words(session: Session) -> None:
    """Then nothing is guessed."""
    moods = tuple(COMPLAINT if label == 0 else PRAISE for label in session.fit.labels.tolist())
    short = make_view(replace(session, extras=Extras(moods=moods))).in_short
    assert [(one.index, one.count) for one in short.complaints] == [(0, 24)]
    assert not short.is_guess


def test_distrust_and_one_change_are_told_in_plain_words(session: Session) -> None:
    """Topics of two themes are grouped by their reason, and the value that divides them was tried."""
    view = doubted_view(session)
    (distrust,) = view.in_short.distrust
    assert [index for index, _ in distrust.topics] == [0, 1]
    change = view.in_short.change
    assert change is not None
    assert change.flag == view.advice[0].flag
    assert change.effects[1] == "1 of the 2 topics not to trust would become others"
    page = render(view)
    assert "These comments are about two different things." in page
    assert "This was tried: if " in page


def doubted_view(session: Session) -> ReportView:
    """Show the session with both topics joined by force."""
    assert session.fit.diagnostics is not None
    parts = tuple(replace(part, similarity=0.1) for part in session.fit.diagnostics.parts)
    fit = replace(session.fit, diagnostics=replace(session.fit.diagnostics, parts=parts))
    return make_view(replace(session, fit=fit))


def test_nothing_to_say(clean: Session) -> None:
    """No complaint, no doubt, no change."""
    page = render(make_view(with_complaints(clean, 0)))
    for line in (
        "No topic holds three complaints, as far as their words tell.",
        "There is no doubt about any topic.",
        "Nothing needs to be changed.",
    ):
        assert line in page


def test_a_hostile_complaint_is_escaped(session: Session) -> None:
    """A quote of the first screen is text."""
    page = render(make_view(with_complaints(session, 8)))
    assert "<b>rude" not in page.split('<script type="application/json"')[0]
    assert "&lt;b&gt;rude" in page


def test_names_that_a_language_model_gave_are_shown(clean: Session) -> None:
    """On cards beside the keywords, on the map and in answers; a topic without one keeps its keywords."""
    fit = replace(clean.fit, names=("Late <i>teachers", "", "", ""))
    page = render(make_view(with_complaints(replace(clean, fit=fit), 0)))
    assert "Late &lt;i&gt;teachers</a></h3>" in page
    assert f"· {', '.join(fit.topics[0].keywords[:4])}</p>" in page
    assert f"{', '.join(fit.topics[1].keywords[:4])}</a></h3>" in page
    assert '"name": "Late \\u003ci\\u003eteachers"' in page

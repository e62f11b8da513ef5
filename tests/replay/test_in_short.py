"""The first screen: complaints, what not to trust, and what one change would do."""

from dataclasses import replace

import numpy as np
import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.replay.sessions import session_of
from worker.replay.extras import COMPLAINT, PRAISE, Extras
from worker.replay.report.change import change_of
from worker.replay.report.doubts import Doubt, Suspicion
from worker.replay.report.in_short import in_short
from worker.replay.report.overview import cards_of
from worker.replay.report.page import render
from worker.replay.report.view import ReportView, make_view
from worker.replay.session import CheckedChange, Session
from worker.topics.diagnostics import Trial


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


def test_all_complaints_are_counted_and_topics_ranked_by_their_number(clean: Session) -> None:
    """Doubtful topics are in the ranking with their warning; a line tells how many complaints are there or in none."""
    labels = clean.fit.labels.copy()
    labels[np.flatnonzero(labels == 3)[:2]] = -1
    texts = [f"lesson {row} of this week" for row in range(len(labels))]
    for topic, n_complaints in ((0, 5), (1, 6), (2, 2), (-1, 1)):
        for row in np.flatnonzero(labels == topic).tolist()[:n_complaints]:
            texts[row] = f"boring lesson {row} of this week"
    fit = replace(clean.fit, labels=labels)
    bent = replace(clean, fit=fit, batch=replace(clean.batch, texts=tuple(texts)))
    diagnostics = bent.fit.diagnostics
    assert diagnostics is not None
    topics = [topic.assessment for topic in make_view(bent).topics]
    topics[1] = replace(topics[1], doubts=(Doubt("no answers"),))
    found = in_short(bent, diagnostics, topics, ()).complaints
    assert (found.count, found.n_comments, found.doubtful, found.outside, found.is_guess) == (14, 48, 6, 1, True)
    # Two complaints are too few to name a topic.
    assert [(one.index, one.count, one.is_good) for one in found.topics] == [(1, 6, False), (0, 5, True)]
    assert in_short(bent, diagnostics, topics, ()).doubtful == topics[1].size
    view = make_view(bent)
    page = render(replace(view, in_short=in_short(bent, diagnostics, topics, ())))
    said = "14 of 48 comments complain, guessed by words such as &#34;boring&#34; or &#34;not clear&#34;; "
    assert (
        f"{said}6 of them are in doubtful topics, 1 in no topic. Topics by number of complaints:".replace("&#34;", '"')
        in page
    )
    assert page.index("Topics by number of complaints:") < page.index('<span class="care">(doubtful)</span>: 6 of 12')


def test_the_quote_holds_the_words_that_complain(session: Session) -> None:
    """Highlighted, in a cut of the comment around them, and by the word that most complaints hold."""
    short = make_view(with_complaints(session, 8)).in_short.complaints
    (one,) = short.topics
    assert (one.index, one.count, one.size, one.words) == (1, 8, 24, ("boring", "not clear", "rude"))
    assert (one.quote.before, one.quote.cue) == ("", "Boring")
    assert "<blockquote><mark>Boring</mark> and &lt;b&gt;rude" in render(make_view(with_complaints(session, 8)))
    # Of comments that hardly ever praise or complain nothing is guessed.
    assert make_view(with_complaints(session, 7)).in_short.complaints.topics == ()


def test_a_key_that_tells_praise_from_complaint_is_asked_before_words(session: Session) -> None:
    """Then nothing is guessed."""
    moods = tuple(COMPLAINT if label == 0 else PRAISE for label in session.fit.labels.tolist())
    view = make_view(replace(session, extras=Extras(moods=moods)))
    short = view.in_short.complaints
    assert [(one.index, one.count) for one in short.topics] == [(0, 24)]
    assert not short.is_guess
    assert "24 of 48 comments complain; 24 of them are in doubtful topics. Topics by number" in render(view)


def test_the_box_and_the_cards_give_the_same_reasons(clean: Session) -> None:
    """All that are enough; weak ones only if there are no others; each topic's own wording; a name only once."""
    diagnostics = clean.fit.diagnostics
    assert diagnostics is not None
    topics = [topic.assessment for topic in make_view(clean).topics]
    weak = Doubt("weakly named: x", Suspicion.NAME)
    topics[0] = replace(topics[0], doubts=(Doubt("sorted by wording: x", detail='most say "she"'), weak))
    topics[1] = replace(
        topics[1], doubts=(Doubt("sorted by wording: x", detail="most are short"), Doubt("its name is denied: x"), weak)
    )
    topics[2] = replace(topics[2], doubts=(Doubt("falls apart: x", Suspicion.BORDER), weak))
    told = in_short(clean, diagnostics, topics, ()).distrust
    alike, shape, common, denied = (
        "The comments are alike in how they are written, not in what they are about",
        "Leave out a few comments, and the topic changes shape",
        "The words of the topic are common in other comments too",
        "Many of the comments say the opposite of the topic's words",
    )
    assert {one.why: [(topic.index, topic.detail) for topic in one.topics] for one in told} == {
        alike: [(0, 'most say "she"'), (1, "most are short")],
        shape: [(2, "")],
        common: [(2, "")],
        denied: [(1, "")],
    }
    titles = [topic.title for one in told for topic in one.topics]
    assert titles.count("") == len(titles) - 3
    cards = {card.index: card.care for card in cards_of(clean, diagnostics, topics)}
    assert cards == {
        0: (f'{alike}: most say "she".',),
        1: (f"{alike}: most are short.", f"{denied}."),
        2: (f"{shape}.", f"{common}."),
        3: (),
    }


def test_doubt_and_one_change_are_told_in_plain_words(session: Session) -> None:
    """The reason stands before its topics; one word for it on the whole page; what a trial cannot tell is not told."""
    view = doubted_view(session)
    distrust = view.in_short.distrust[0]
    assert [topic.index for topic in distrust.topics] == [0, 1]
    change = view.in_short.change
    assert change is not None
    assert (change.flag, change.is_better) == (view.advice[0].flag, None)
    assert change.effects[2:] == (
        "none of the 0 clear topics and 1 of the 2 doubtful ones would stay as they are",
        "for example, topic 0 is divided: of its 24 comments 12 and 12 go to 2 topics",
    )
    page = render(view)
    assert '<span class="care">The comments are about two different things:</span> <span class="mark"' in page
    assert "2 are doubtful and hold 100% of the comments." in page
    assert "<h2>Doubtful topics</h2>" in page
    assert "Whether the new topics would be less doubtful was not tried." in page
    assert "not to trust" not in page
    assert "with care" not in page


def test_a_change_that_was_tried_as_a_whole_is_called_better_or_not(session: Session) -> None:
    """By the comments in clear topics; of several the best is told, and one that is not better is not advised."""
    view = doubted_view(session)
    more = view.advice[0].flag
    good = CheckedChange(more, session_of(themed_envelope(12, 4)).fit)
    better = make_view(replace(view.session, checked=(good,)))
    other = replace(view.advice[0], flag="--set other=1")
    both = replace(view.session, checked=(CheckedChange(other.flag, view.session.fit), good))
    change = change_of(both, [topic.assessment for topic in view.topics], (other, view.advice[0]))
    assert change == better.in_short.change
    assert change is not None
    assert (change.flag, change.is_better) == (more, True)
    assert change.condition.endswith("topics were allowed, not 2")
    assert change.effects[:4] == (
        "topics: 4 instead of 2",
        "comments in clear topics: 48 instead of 0",
        "doubtful topics: 0 instead of 2",
        "comments in no topic: 0, as now",
    )
    assert [(topic.size, topic.is_good) for topic in change.topics] == [(12, True)] * 4
    assert [topic.title for topic in change.topics] == [", ".join(topic.keywords[:4]) for topic in good.fit.topics]
    assert f"ask the person who runs the worker to run these comments again with <code>{more}</code>" in render(better)
    worse = make_view(replace(view.session, checked=(CheckedChange(more, view.session.fit),)))
    assert worse.in_short.change is not None
    assert worse.in_short.change.is_better is False
    page = render(worse)
    assert "It would not be clearly better:" in page
    assert "So leave it as it is" in page
    assert f"again with <code>{more}" not in page


def test_what_does_not_count_is_named_only_if_the_comments_have_it(session: Session) -> None:
    """Of English comments nobody learns that their language would not count."""
    diagnostics = session.fit.diagnostics
    assert diagnostics is not None
    labels = session.fit.labels.copy()
    labels[labels == 0] = -1
    for removed, condition in (
        (("pronoun",), 'if the words "she" and "he" did not count'),
        (("address", "language"), 'if the words "ma\'am" and "sir" and the language did not count'),
    ):
        trial = Trial("neutralize", True, labels, (False,), removed)
        fit = replace(session.fit, diagnostics=replace(diagnostics, trials=(trial,)))
        change = doubted_view(replace(session, fit=fit)).in_short.change
        assert change is not None
        assert change.condition == condition


def test_the_first_line_is_no_path(session: Session) -> None:
    """Source and version stand at the foot."""
    page = render(make_view(session))
    assert page.index("</main>") < page.index("Topic report · a test · worker")
    assert page.count("Topic report · ") == 1


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

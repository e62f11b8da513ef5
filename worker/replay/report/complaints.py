"""What people complain of: how many comments do, in which topics most of them are, and one comment of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from worker.replay.extras import COMPLAINT
from worker.replay.report.assessment import Assessment
from worker.replay.report.mood import complaining_words, complaints_in, guessed_mood
from worker.replay.report.ordering import typical_first
from worker.replay.report.overview import short_title_of
from worker.replay.session import Session
from worker.topics.diagnostics import Diagnostics

N_COMPLAINTS: Final = 5
N_COMPLAINING_WORDS: Final = 3
# If fewer comments praise or complain, they are no reviews, and a guess would mislead: 9 % of news do, 43 % of the
# sentences of reviews.
_FEWEST_MOODS: Final = 0.15
_QUOTE_CHARS: Final = 90
# A quote that is cut begins about this far before the words that complain.
_LEAD_CHARS: Final = 30
# A shorter comment tells a reader little; it is quoted only if there are no others.
_FEWEST_CHARS: Final = 25
# Fewer complaints in a topic may be chance, or a wrong guess.
_FEWEST: Final = 3


@dataclass(frozen=True)
class Quote:
    """A part of a comment: what stands before the words that complain, these, and what follows."""

    before: str
    cue: str
    after: str


@dataclass(frozen=True)
class Complaint:
    """A topic in which people complain: its number and name, how many of its comments do, by which words, and one."""

    index: int
    title: str
    count: int
    size: int
    words: tuple[str, ...]
    quote: Quote
    is_good: bool


@dataclass(frozen=True)
class Complaints:
    """What people complain of.

    Attributes:
        count: how many comments complain, those in no topic among them.
        n_comments: of how many.
        doubtful: how many complaints are in doubtful topics.
        outside: how many are in no topic.
        is_guess: whether complaints were guessed by their words.
        topics: those with most complaints, by their number.
    """

    count: int
    n_comments: int
    doubtful: int
    outside: int
    is_guess: bool
    topics: tuple[Complaint, ...]


def complaints_of(session: Session, diagnostics: Diagnostics, topics: Sequence[Assessment]) -> Complaints:
    """Count the complaints of all comments, and rank the topics by how many they hold, whether doubtful or not."""
    complains = _complaining(session)
    order = typical_first(diagnostics)
    found, inside, doubtful = [], 0, 0
    for topic in topics:
        rows = order[session.fit.labels[order] == topic.index].tolist()
        own = [session.batch.texts[row] for row in rows if complains[row]]
        inside += len(own)
        doubtful += 0 if topic.is_good else len(own)
        if len(own) >= _FEWEST:
            words, title = complaining_words(own, N_COMPLAINING_WORDS), short_title_of(session.fit, topic)
            found.append(Complaint(topic.index, title, len(own), topic.size, words, _quote(own, words), topic.is_good))
    # Of as many complaints those weigh more that are a larger share of their topic.
    found.sort(key=lambda one: (-one.count, one.size, one.index))
    return Complaints(
        count=sum(complains),
        n_comments=len(complains),
        doubtful=doubtful,
        outside=sum(complains) - inside,
        is_guess=not session.extras.moods,
        topics=tuple(found[:N_COMPLAINTS]),
    )


def _complaining(session: Session) -> list[bool]:
    """Tell of each comment whether it complains, by the key that was named or by its words."""
    batch, moods = session.batch, session.extras.moods
    if moods:
        return [moods[position] == COMPLAINT for position in batch.kept.tolist()]
    guessed = [guessed_mood(text) for text in batch.texts]
    is_told = sum(map(bool, guessed)) >= _FEWEST_MOODS * len(guessed)
    return [is_told and mood == COMPLAINT for mood in guessed]


def _quote(texts: Sequence[str], words: Sequence[str]) -> Quote:
    """Choose the first comment that says something, if possible by the first of these words, and cut it around it."""
    lines = [" ".join(text.split()) for text in texts]
    telling = [line for line in lines if len(line) >= _FEWEST_CHARS] or lines
    for wanted in words:
        for line in telling:
            for cue in complaints_in(line):
                if cue.words == wanted:
                    return cut_around(line, cue.start, cue.end)
    for line in telling:
        for cue in complaints_in(line):
            return cut_around(line, cue.start, cue.end)
    return cut_around(telling[0], 0, 0)


def cut_around(text: str, start: int, end: int, longest: int = _QUOTE_CHARS) -> Quote:
    """Cut a text to about so many characters, at spaces, so that what stands from start to end is in it."""
    first = 0
    if len(text) > longest and end > longest * 2 // 3:
        first = text.rfind(" ", 0, max(0, start - _LEAD_CHARS)) + 1
    last = len(text)
    if last - first > longest:
        # A text without spaces, as in Chinese, is cut anywhere.
        space = text.rfind(" ", first + 1, first + longest)
        last = max(end, space if space > 0 else first + longest)
    before = ("… " if first else "") + text[first:start]
    return Quote(before, text[start:end], text[end:last] + (" …" if last < len(text) else ""))

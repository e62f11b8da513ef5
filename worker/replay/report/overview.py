"""The first page: each topic as a card in plain words, with quotes, praise and complaint side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from worker.replay.extras import COMPLAINT, PRAISE
from worker.replay.report.assessment import Assessment
from worker.replay.report.doubts import reasons_of
from worker.replay.report.ordering import typical_first
from worker.replay.session import Session
from worker.topics.diagnostics import Diagnostics
from worker.topics.fit import TopicFit

N_WORDS: Final = 4
# On the first screen, which has little room.
N_SHORT_WORDS: Final = 3
N_QUOTES: Final = 3
# A longer quote is shortened.
QUOTE_CHARS: Final = 220
# A shorter comment tells a reader little; it is quoted only if there are no others.
_FEWEST_CHARS: Final = 25


@dataclass(frozen=True)
class Side:
    """The comments of a topic that praise or complain: how many, and some of them."""

    name: str
    count: int
    quotes: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """One topic in plain words.

    Attributes:
        index: the number of the topic.
        title: its name, or its first keywords.
        words: its first keywords if the title is a name, else "".
        size: number of its comments.
        share: how large it is, in words.
        quotes: typical comments; empty if there are sides.
        sides: praise and complaint, if the mood of comments is known.
        care: why it is doubtful, in plain words; empty for a good topic.
    """

    index: int
    title: str
    words: str
    size: int
    share: str
    quotes: tuple[str, ...]
    sides: tuple[Side, ...]
    care: tuple[str, ...]


def cards_of(session: Session, diagnostics: Diagnostics, topics: Iterable[Assessment]) -> tuple[Card, ...]:
    """Make the cards of the topics, the good ones first, each kind by falling size."""
    order = typical_first(diagnostics)
    cards = [_card(session, order[session.fit.labels[order] == topic.index].tolist(), topic) for topic in topics]
    return tuple(sorted(cards, key=lambda card: (bool(card.care), -card.size)))


def _card(session: Session, rows: Sequence[int], topic: Assessment) -> Card:
    texts, moods = session.batch.texts, session.extras.moods
    sides: tuple[Side, ...] = ()
    if moods:
        kept = session.batch.kept
        by_name = {name: [row for row in rows if moods[int(kept[row])] == name] for name in (PRAISE, COMPLAINT)}
        sides = tuple(Side(name, len(own), quotes_of([texts[row] for row in own])) for name, own in by_name.items())
    return Card(
        index=topic.index,
        title=title_of(session.fit, topic),
        words=", ".join(topic.measures.keywords[:N_WORDS]) if name_of(session.fit, topic.index) else "",
        size=topic.size,
        share=in_words(topic.measures.share),
        quotes=() if sides else quotes_of([texts[row] for row in rows]),
        sides=sides,
        care=tuple(reason.plain for reason in reasons_of(topic.doubts)),
    )


def title_of(fit: TopicFit, topic: Assessment) -> str:
    """Give a topic's name, or its first keywords."""
    return name_of(fit, topic.index) or ", ".join(topic.measures.keywords[:N_WORDS])


def short_title_of(fit: TopicFit, topic: Assessment) -> str:
    """Give a topic's name, or the first of its keywords: for lines with little room."""
    return name_of(fit, topic.index) or ", ".join(topic.measures.keywords[:N_SHORT_WORDS])


def name_of(fit: TopicFit, topic: int) -> str:
    """Give the name that a language model gave a topic; "" for none."""
    return fit.names[topic] if fit.names else ""


def in_words(share: float) -> str:
    """Say how large a share is: "about one comment in 7"."""
    if share >= 0.45:
        return f"{share:.0%} of all comments"
    return f"about one comment in {round(1 / max(share, 1e-6))}"


def quotes_of(texts: Sequence[str], most: int = N_QUOTES, longest: int = QUOTE_CHARS) -> tuple[str, ...]:
    """Choose the first few that differ and that say something."""
    distinct = list({" ".join(text.lower().split()): " ".join(text.split()) for text in texts}.values())
    telling = [text for text in distinct if len(text) >= _FEWEST_CHARS]
    chosen = [*telling, *(text for text in distinct if len(text) < _FEWEST_CHARS)][:most]
    return tuple(text if len(text) <= longest else text[:longest].rsplit(" ", 1)[0] + " …" for text in chosen)

"""Praise and complaint, guessed by words, and the quotes that show them."""

import pytest

from worker.replay.extras import COMPLAINT, PRAISE
from worker.replay.report.complaints import cut_around
from worker.replay.report.mood import complaining_words, complaints_in, guessed_mood


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("Boring and rude.", COMPLAINT),
        ("It is NOT very clear", COMPLAINT),
        ("didn’t help, wasn't helpful", COMPLAINT),
        ("dili klaro si sir", COMPLAINT),
        ("Maayo ug buotan", PRAISE),
        ("great teacher, boring room, nice slides", PRAISE),
        ("Nothing. Great teacher", PRAISE),
        ("None, excellent teacher!", PRAISE),
        ("Wala. Maayo kaayo", PRAISE),
        ("not boring", ""),
        ("tough, but nothing ridiculous", ""),
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


def test_a_denied_praise_is_among_the_words_of_complaints_and_a_denied_complaint_is_not() -> None:
    """As it is when complaints are counted."""
    texts = ["rude, not boring", "rude, never boring", "Not very clear", "not clear, isn't boring"]
    assert complaining_words(texts, 3) == ("not clear", "rude")
    assert [cue.words for cue in complaints_in("not boring, but it wasn’t clear")] == ["wasn't clear"]


def test_a_quote_without_spaces_is_cut_anywhere() -> None:
    """Else a comment in Chinese would show nothing."""
    quote = cut_around("好" * 200, 0, 0)
    assert 0 < quote.after.count("好") < 200
    assert quote.after.endswith(" …")


def test_a_quote_is_cut_around_the_words() -> None:
    """At spaces, with dots where something was left out; a short comment stays whole."""
    text = "word " * 30 + "it was not clear at all " + "word " * 30
    start = text.index("not clear")
    quote = cut_around(text.strip(), start, start + 9)
    assert quote.cue == "not clear"
    assert (quote.before[:6], quote.before[-7:]) == ("… word", "it was ")
    assert (quote.after[:7], quote.after[-6:]) == (" at all", "word …")
    assert 60 < len(quote.before + quote.cue + quote.after) <= 96
    short = cut_around("It was not clear.", 7, 16)
    assert (short.before, short.cue, short.after) == ("It was ", "not clear", ".")
    assert cut_around("word " * 30, 0, 0).after.endswith("word …")

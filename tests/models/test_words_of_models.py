"""Keywords and labels of kept topics, by the counts of their terms."""

from worker.models.keywords import TopicWords
from worker.models.terms import added, pruned

LATE = {"late": 40, "always late": 20, "class": 30, "minutes": 15, "traffic": 9, "once": 1}
CLEAR = {"clear": 35, "class": 30, "explains": 20, "examples": 12, "slides": 8}


def test_keywords_are_the_topics_own() -> None:
    """What stands in both topics alike names neither; a pair takes the place of its word."""
    words = TopicWords([LATE, CLEAR])
    found = words.keywords(0, ())
    assert set(found) <= {"late", "always late", "minutes", "traffic", "once"}
    assert ("late" in found) != ("always late" in found)
    assert "class" not in found
    assert words.keywords(1, ())[0] == "clear"


def test_keywords_that_hold_stay_first() -> None:
    """Readers know them; a word that is hardly said any more gives way."""
    found = TopicWords([LATE, CLEAR]).keywords(0, ("traffic", "minutes", "strike"))
    assert found[:2] == ("traffic", "minutes")
    assert "strike" not in found


def test_a_topic_without_terms_keeps_its_keywords() -> None:
    """There is nothing to choose from."""
    assert TopicWords([{}, CLEAR]).keywords(0, ("late", "class")) == ("late", "class")


def test_a_label_stays_while_most_of_its_words_hold() -> None:
    """Else the topic is named anew, by its number and keywords."""
    words = TopicWords([LATE, CLEAR])
    keywords = words.keywords(0, ())
    assert words.label(0, "4_late_minutes_strike", 4, keywords) == "4_late_minutes_strike"
    assert words.label(0, "4_strike_bus_late", 4, keywords) == "_".join(["4", *keywords[:4]])


def test_counts_add_up_and_the_rarest_are_dropped() -> None:
    """Of each topic the thousand largest stay, ties by the alphabet."""
    assert added({"b": 1, "a": 2}, {"b": 3, "c": 1}) == {"a": 2, "b": 4, "c": 1}
    many = {f"w{i:04}": 3 + (i >= 500) for i in range(1500)}
    (kept,) = pruned([many])
    assert len(kept) == 1000
    assert list(kept) == [f"w{i:04}" for i in range(500, 1500)]

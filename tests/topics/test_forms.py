"""Which words are forms of one another."""

import pytest

from worker.topics.words.forms import families


@pytest.mark.parametrize(
    "words",
    [
        "tagal matagal napakatagal",
        "tudlo mutudlo motudlo mitudlo nagtudlo todlo",
        "comment comments",
        "turo nagtuturo magturo tuturo tinuturo",
        "maganda magandang",
        "gumana gumagana gagana",
        "gamit ginamit ginagamit gumamit gamitin",
        "bumili bumibili",
        "nagsulat nagsusulat magsulat magsusulat",
        "nakita nakikita",
        "nakat.on makat-on",
        "naintindihan maintindihan",
        "explain explains explained explaining",
        "grade grades graded grading",
        "clear clearly",
        "story stories",
        "movie movies",
        "good goooood",
        "klaro klaru",
        "pangutan-on pangutan.on pangutanon",
        "discuss magdiscuss nagdiscuss i-discuss",
    ],
)
def test_forms_of_one_word(words: str) -> None:
    """Plurals, affixes, repetition, spelling by ear, stretched letters, hyphens."""
    assert len(set(families(words.split()).values())) == 1


@pytest.mark.parametrize(
    "words",
    [
        "matagal mahirap",
        "ideal deal",
        "minute mute",
        "finish fish",
        "sinister sister",
        "humor hor",
        "nature mature",
        "better bitter",
        "late lately",
        "stock stuck",
        "paper per",
        "god good",
        "desk disk",
        "teacher teach",
        "bus bu",
        "rate rat",
        "lesson less",
    ],
)
def test_words_that_look_alike_are_two(words: str) -> None:
    """A short or a foreign word is no stem."""
    assert len(set(families(words.split()).values())) == len(words.split())


def test_a_form_needs_its_stem_in_the_batch() -> None:
    """A prefix is taken away only from what is left a word of the batch."""
    assert families(["mabait", "magaling"]) == {"mabait": "mabait", "magaling": "magaling"}


def test_native_affixes_do_not_count_in_an_english_batch() -> None:
    """There "migrant" is no form of "grant"; plurals still are."""
    found = families(["migrant", "grant", "grants"], native=False)
    assert found == {"migrant": "migrant", "grant": "grant", "grants": "grant"}


def test_the_order_of_the_words_does_not_matter() -> None:
    """The same families whatever comes first."""
    words = ["tudlo", "mutudlo", "motudlo", "comments", "comment", "clear", "clearly"]
    assert families(words) == families(words[::-1])

"""The whole engine on comments in Cebuano, Tagalog and Taglish, in the spelling of text messages."""

import numpy as np
import pytest

from tests.topics.comments import OWN_WORDS, THEMES
from worker.topics.fit import TopicFit, TopicParams
from worker.topics.pipeline import fit_topics
from worker.topics.words.encoders import CorpusEncoder, unit
from worker.topics.words.function_words import is_function_word
from worker.topics.words.homographs import HOMOGRAPHS
from worker.topics.words.negation import NEGATORS

NOISE = 0.04
# Words that all the theme's comments deny, or nearly all.
DENIED = {"klaro", "clear", "malinaw", "maintindihan", "masabtan", "kasabot", "strikta", "masungit", "masuko"}
TEXTS = [text for theme in THEMES for text in theme]
THEME_OF = np.repeat(np.arange(len(THEMES)), [len(theme) for theme in THEMES])


@pytest.fixture(scope="module")
def fit() -> TopicFit:
    """Find the topics of all comments; a comment's embedding is its theme's direction with noise."""
    rng = np.random.default_rng(0)
    directions = unit(rng.normal(size=(len(THEMES), 768)))
    embeddings = unit(directions[THEME_OF] + NOISE * rng.normal(size=(len(TEXTS), 768)))
    outcome = fit_topics(
        TEXTS, embeddings, TopicParams(), encoder=CorpusEncoder(), device="cpu", on_stage=lambda stage: None
    )
    assert isinstance(outcome, TopicFit)
    return outcome


def test_each_theme_is_named_by_its_own_words(fit: TopicFit) -> None:
    """One of them is among the first four keywords."""
    assert len(fit.topics) == len(THEMES)
    for number, topic in enumerate(fit.topics):
        theme = int(np.bincount(THEME_OF[fit.labels == number]).argmax())
        words = {word for keyword in topic.keywords[:4] for word in keyword.split(" ")}
        assert words & OWN_WORDS[theme], topic.keywords


def test_no_function_word_is_a_keyword(fit: TopicFit) -> None:
    """Nor half of one, but for the negator of a denied word."""
    for topic in fit.topics:
        for keyword in topic.keywords:
            first, *second = keyword.split(" ")
            assert (
                first in NEGATORS | HOMOGRAPHS if second and is_function_word(first) else not is_function_word(first)
            ), keyword
            assert not any(is_function_word(word) or word in NEGATORS for word in second), keyword


def test_no_denied_word_stands_without_its_negator(fit: TopicFit) -> None:
    """And each denied keyword is there as comments say it."""
    keywords = [keyword for topic in fit.topics for keyword in topic.keywords]
    assert not DENIED & set(keywords)
    denied = [keyword for keyword in keywords if keyword.split(" ")[0] in NEGATORS | HOMOGRAPHS]
    assert denied
    for keyword in denied:
        negator, word = keyword.split(" ")
        assert any(negator in text.split() and word in text.replace(",", "").split() for text in TEXTS), keyword

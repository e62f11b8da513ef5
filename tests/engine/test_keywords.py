"""How keywords are picked from ranked candidates."""

import numpy as np
import pytest

from worker.topics.keywords import pick


def picked(ranked: dict[str, int], *, apart: tuple[str, str] | None = None, n: int = 10) -> list[str]:
    """Pick from terms given best first with their document frequencies, all occurring together."""
    terms = list(ranked)
    together = np.ones((len(terms), len(terms)), dtype=np.int64)
    np.fill_diagonal(together, list(ranked.values()))
    for a, b in (apart, apart[::-1]) if apart else ():
        together[terms.index(a), terms.index(b)] = 0
    scores = np.linspace(1, 0.5, len(terms))
    return [terms[i] for i in pick(terms, scores, together, n)]


@pytest.mark.parametrize(
    ("ranked", "expected"),
    [
        ({"exam": 9, "exams": 8, "grade": 5}, ["exam", "grade"]),
        ({"quizzes": 9, "quiz": 8}, ["quizzes", "quiz"]),
        ({"classes": 4, "class": 8, "stories": 3, "story": 2}, ["classes", "stories"]),
        ({"lab reports": 6, "lab": 9, "reports": 7}, ["lab reports"]),
        ({"lab": 9, "lab reports": 2, "fair": 3}, ["lab", "fair"]),
        ({"zoom": 5, "google zoom": 4, "fair": 3}, ["google zoom", "fair"]),
        ({"lab labs": 5, "fair": 2}, ["fair"]),
        ({"bus": 4, "glass": 3, "bu": 2}, ["bus", "glass", "bu"]),
        ({"maayo kaau": 4, "maayo mo": 3}, ["maayo kaau", "maayo mo"]),
    ],
)
def test_pick(ranked: dict[str, int], expected: list[str]) -> None:
    """No plural twice, no unigram beside a bigram that holds it, unless it lives mostly there."""
    assert picked(ranked) == expected


def test_words_that_occur_together_come_first() -> None:
    """A term that shares no document with those chosen waits behind one that does."""
    assert picked({"lab": 5, "gaza": 5, "beaker": 5}, apart=("lab", "gaza")) == ["lab", "beaker", "gaza"]


def test_no_more_than_asked_for() -> None:
    """The best ten of twelve."""
    assert len(picked({f"word{chr(97 + i)}": 3 for i in range(12)})) == 10

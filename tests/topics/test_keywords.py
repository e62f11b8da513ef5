"""How keywords are picked from ranked candidates."""

import tracemalloc

import numpy as np
import pytest
from scipy import sparse

from worker.topics.words.candidates import Tier
from worker.topics.words.encoders import CorpusEncoder
from worker.topics.words.forms import families
from worker.topics.words.keywords import pick, rank_keywords
from worker.topics.words.vocabulary import NO_WORD, build_vocabulary


def picked(
    ranked: dict[str, int], *, together: dict[tuple[str, str], int] | None = None, tier: Tier = Tier.OWN, of: str = ""
) -> list[str]:
    """Pick from terms given best first with the documents that hold each; any two are in one together, or in as said.

    The terms in `of` are of another tier.
    """
    terms = list(ranked)
    counts = np.ones((len(terms), len(terms)), dtype=np.int64)
    np.fill_diagonal(counts, list(ranked.values()))
    for (a, b), count in (together or {}).items():
        counts[terms.index(a), terms.index(b)] = counts[terms.index(b), terms.index(a)] = count
    scores = np.linspace(1, 0.5, len(terms))
    tiers = np.where(np.isin(terms, of.split()), tier, Tier.OWN)
    return [terms[i] for i in pick(stems_of(terms), scores, counts, 100, tiers)]


def stems_of(terms: list[str]) -> np.ndarray:
    """Number the families of the words in terms of one or two words."""
    first = families(word for term in terms for word in term.split(" "))
    numbers = sorted(set(first.values()))
    found = [[numbers.index(first[word]) for word in term.split(" ")] for term in terms]
    return np.array([[*own, NO_WORD][:2] for own in found])


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
    """A term that shares no document with those chosen waits behind one that does, however well it scores."""
    assert picked({"lab": 5, "gaza": 5, "beaker": 5}, together={("lab", "gaza"): 0}) == ["lab", "beaker", "gaza"]


def test_words_that_occur_together_more_often_than_by_chance_come_first() -> None:
    """Of two that both stand beside "lab" once, the seldom one does so for a reason."""
    assert picked({"lab": 20, "good": 60, "beaker": 2}) == ["lab", "beaker", "good"]


@pytest.mark.parametrize("tier", [Tier.SHARED, Tier.SELDOM_OWN, Tier.SELDOM_SHARED])
def test_the_words_of_other_topics_and_of_a_few_comments_come_last(tier: Tier) -> None:
    """However well they score, and all the same if there is nothing else."""
    expected = ["gaza", "beaker"] + ["lab"] * (tier < Tier.SELDOM_SHARED)
    assert picked({"lab": 1, "gaza": 5, "beaker": 5}, tier=tier, of="lab") == expected
    assert picked({"lab": 1}, tier=tier, of="lab") == ["lab"]


@pytest.mark.parametrize("tier", [Tier.SHARED, Tier.FEW_SHARED, Tier.SELDOM_OWN])
def test_four_keywords_are_enough_without_those(tier: Tier) -> None:
    """They fill a list up to four and no farther."""
    terms = {"gaza": 5, "beaker": 5, "exam": 5, "lab": 5, "voice": 5, "joke": 5}
    assert picked(terms, tier=tier, of="lab voice joke") == ["gaza", "beaker", "exam", "lab"]


def test_a_topic_without_words_of_its_own_that_its_comments_say_shares_words() -> None:
    """Two of 48 comments say "higop", and nobody else; thirty say "late", and another topic says it more."""
    words = [f"{first}{second}" for first in ("ra", "lo", "mi", "ku") for second in ("ban", "det", "fin", "gol")]
    several = [*["late"] * 30, *["higop"] * 2, *words]
    keywords = ranked([*several, *["late bus"] * 60, *["jokes"] * 60], [0] * len(several) + [1] * 60 + [2] * 60)
    assert keywords[0][0] == "late"
    assert keywords[1][0] == "late bus"


def test_what_more_comments_say_comes_first_if_a_topics_own_words_cover_few() -> None:
    """Of 40 comments 22 say "late", which another topic says more, and three each say the topic's own words."""
    own = ["bus", "rain", "fare", "gate", "guard", "bell"]
    several = ["late"] * 22 + [word for word in own for _ in range(3)]
    keywords = ranked([*several, *["late absent"] * 60, *["jokes"] * 60], [0] * 40 + [1] * 60 + [2] * 60)
    assert keywords[0][0] == "late"
    assert set(keywords[0][1:]) == set(own)


def test_own_words_that_cover_enough_stay_first() -> None:
    """Nine of 24 comments say the topic's own words, and fifteen "late"."""
    own = ["bus", "rain", "fare"]
    several = ["late"] * 15 + [word for word in own for _ in range(3)]
    keywords = ranked([*several, *["late absent"] * 60, *["jokes"] * 60], [0] * 24 + [1] * 60 + [2] * 60)
    assert set(keywords[0][:3]) == set(own)


def test_no_more_than_asked_for() -> None:
    """The best ten of twelve."""
    assert len(picked({f"word{chr(97 + i)}": 3 for i in range(12)})) == 10


def ranked(texts: list[str], labels: list[int], heavy: str = "") -> dict[int, list[str]]:
    """Rank the keywords of a batch whose embeddings are its topics; the words of `heavy` weigh nine times as much."""
    embeddings = np.eye(max(labels) + 1, dtype=np.float32)[labels]
    vocabulary = build_vocabulary(texts)
    members = sparse.csr_matrix((np.ones(len(labels)), (labels, np.arange(len(labels)))))
    weights = (members @ vocabulary.doc_term_matrix).astype(bool).astype(np.float64)
    weigh = sparse.diags([9.0 if set(term.split(" ")) <= set(heavy.split(" ")) else 1.0 for term in vocabulary.terms])
    given = (vocabulary, texts, embeddings, CorpusEncoder(), np.array(labels), (weights @ weigh).tocsr())
    ranking = rank_keywords(*given)
    return {topic: [word.term for word in ranking.keywords(topic)] for topic in range(len(ranking.columns))}


def test_one_long_comment_names_no_topic() -> None:
    """Its words all stand together and are rare elsewhere, but no other comment of the topic says them."""
    words = ["lab", "voice", "grade", "quiz", "zoom", "exam", "joke", "bus", "board", "slide", "chair", "fan"]
    said = [f"{word} {words[(i + 5) % 12]}" for i, word in enumerate(words)]
    long = " ".join(f"{first}{second}ing" for first in ("mark", "stream", "plant", "search") for second in "abcdefgh")
    others = ["late bus", "late again", "bus again"]
    keywords = ranked([*said, long, *others], [0] * 13 + [1] * 3, heavy=long)[0]
    assert len(keywords) == 10
    assert set(keywords) <= set(words)


@pytest.mark.slow
def test_memory_grows_with_the_topics_and_not_with_their_square() -> None:
    """Terms are compared within their topic."""
    n_topics, per_topic = 300, 20
    texts = [f"w{topic}x{i % 10}a w{topic}x{i % 7}b" for topic in range(n_topics) for i in range(per_topic)]
    labels = [topic for topic in range(n_topics) for _ in range(per_topic)]
    tracemalloc.start()
    keywords = ranked(texts, labels)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(keywords) == n_topics
    n_terms = len(build_vocabulary(texts).terms)
    assert peak < n_terms * n_terms * 4

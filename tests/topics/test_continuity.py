"""Topics that stay: a fit beside an earlier one keeps its topics, numbers and labels."""

from collections.abc import Sequence

import numpy as np
import pytest

from tests.topics.themes import THEMES, themed_corpus
from worker.topics.clusters.voters import make_voters
from worker.topics.continuity.advice import grown_together
from worker.topics.continuity.anchoring import united_labels
from worker.topics.earlier import UNKNOWN, Continuity, EarlierTopics
from worker.topics.fit import FloatArray, IntArray, TopicFit, TopicParams
from worker.topics.pipeline import fit_topics
from worker.topics.words.encoders import CorpusEncoder

N_A_THEME = 40
Corpus = tuple[list[str], FloatArray, IntArray]


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """Make 240 comments of six themes."""
    texts, embeddings, themes = themed_corpus(N_A_THEME)
    return texts, embeddings, np.array(themes)


def fit(
    corpus: Corpus, rows: Sequence[int] | IntArray, earlier: EarlierTopics | None = None, **params: int
) -> TopicFit:
    """Fit some comments of a corpus."""
    texts, embeddings, _ = corpus
    outcome = fit_topics(
        [texts[row] for row in rows],
        np.ascontiguousarray(embeddings[np.asarray(rows)]),
        TopicParams(**params),
        encoder=CorpusEncoder(),
        device="cpu",
        on_stage=lambda _: None,
        earlier=earlier,
    )
    assert isinstance(outcome, TopicFit)
    return outcome


def known(labels: Sequence[int] | IntArray, numbers: Sequence[int] = (), label: str = "no_such_word") -> EarlierTopics:
    """Say what was known before, of topics whose labels no longer hold."""
    array = np.asarray(labels, dtype=np.int64)
    used = sorted({*array[array >= 0].tolist(), *numbers})
    return EarlierTopics(array, {number: f"{number}_{label}" for number in used}, max([-1, *used]))


def continuity_of(outcome: TopicFit) -> Continuity:
    """Give what the fit says of the earlier topics."""
    assert outcome.continuity is not None
    return outcome.continuity


def numbers_of(outcome: TopicFit) -> IntArray:
    """Give the number of each comment's topic, -1 for outliers."""
    numbers = np.array([*continuity_of(outcome).numbers, -1], dtype=np.int64)
    return numbers[outcome.labels]


def test_known_comments_keep_their_topics_and_new_ones_join_their_neighbors(corpus: Corpus) -> None:
    """A partition that no fit would find stays, under its own odd numbers, and news go where their neighbors are."""
    themes = corpus[2]
    # Themes 0 and 1 were one topic.
    before = np.array([7, 7, 31, 2, 90, 5])[themes]
    is_new = np.arange(len(themes)) % 8 == 0
    outcome = fit(corpus, range(len(themes)), known(np.where(is_new, UNKNOWN, before)))
    assert numbers_of(outcome).tolist() == before.tolist()
    continuity = continuity_of(outcome)
    assert (continuity.kept, continuity.born, continuity.faded) == ((2, 5, 7, 31, 90), (), ())
    assert (continuity.moved, continuity.shared) == (0, int(np.sum(~is_new)))


def test_an_unchanged_batch_keeps_everything(corpus: Corpus) -> None:
    """Even what a comment's neighbors would decide otherwise: nothing around it has changed."""
    before = corpus[2].copy()
    before[5] = 3  # among comments of theme 0
    outcome = fit(corpus, range(len(before)), known(before))
    assert numbers_of(outcome).tolist() == before.tolist()


def test_a_comment_moves_if_all_its_neighbors_have_gone_elsewhere(corpus: Corpus) -> None:
    """Forty new comments of a theme of which one comment was known, in the topic of another theme."""
    themes = corpus[2]
    before = np.where(themes == 0, UNKNOWN, themes)
    before[5] = 3
    outcome = fit(corpus, range(len(themes)), known(before))
    (born,) = continuity_of(outcome).born
    assert numbers_of(outcome)[5] == born
    assert continuity_of(outcome).moved == 1


def test_a_new_theme_becomes_a_topic_above_all_numbers_ever_used(corpus: Corpus) -> None:
    """Also above those that no topic has any more."""
    themes = corpus[2]
    earlier = known(np.where(themes == 3, UNKNOWN, themes))
    outcome = fit(corpus, range(len(themes)), EarlierTopics(earlier.labels, earlier.raw_labels, 12))
    assert continuity_of(outcome).born == (13,)
    assert (numbers_of(outcome)[themes == 3] == 13).all()
    assert continuity_of(outcome).faded == ()


def test_no_new_topic_beyond_the_most_that_are_wanted(corpus: Corpus) -> None:
    """The comments of the new theme stay outside rather than to make a seventh topic."""
    themes = corpus[2]
    outcome = fit(corpus, range(len(themes)), known(np.where(themes == 3, UNKNOWN, themes)), n_topics=5)
    assert continuity_of(outcome).born == ()
    assert len(outcome.topics) == 5
    assert (numbers_of(outcome)[themes != 3] == themes[themes != 3]).all()


def test_fewer_topics_wanted_than_there_were(corpus: Corpus) -> None:
    """The nearest topics become one, under the number of the larger; the other is said to be gone."""
    themes = corpus[2]
    outcome = fit(corpus, range(len(themes)), known(themes), n_topics=4)
    continuity = continuity_of(outcome)
    assert len(outcome.topics) == 4
    assert len(continuity.faded) == 2
    assert sorted(continuity.kept + continuity.faded) == list(range(6))
    assert continuity.moved == 2 * N_A_THEME


def test_a_topic_without_comments_fades_and_its_number_is_remembered(corpus: Corpus) -> None:
    """The highest number stays among the faded ones in each later run until a topic has a higher one."""
    themes = corpus[2]
    rows = np.flatnonzero(themes != 5)
    first = continuity_of(fit(corpus, rows, known(themes[rows], numbers=[5])))
    assert (first.kept, first.faded) == ((0, 1, 2, 3, 4), (5,))
    second = continuity_of(fit(corpus, rows, EarlierTopics(themes[rows], known(themes[rows]).raw_labels, 5)))
    assert second.faded == (5,)


def test_a_topic_of_few_comments_fades_only_at_half_of_the_smallest_size(corpus: Corpus) -> None:
    """It must not come and go with a single comment."""
    themes = corpus[2]
    for n_left, fades in ((5, False), (4, True)):
        rows = np.flatnonzero((themes != 5) | (np.cumsum(themes == 5) <= n_left))
        continuity = continuity_of(fit(corpus, rows, known(themes[rows]), min_cluster_size=10))
        assert (5 in continuity.faded) == fades


def test_a_label_stays_while_most_of_its_words_hold(corpus: Corpus) -> None:
    """Three of four words are enough, whatever their order; two are not."""
    themes = corpus[2]
    first = fit(corpus, range(len(themes)), known(themes))
    words = {n: topic.keywords for n, topic in zip(continuity_of(first).numbers, first.topics, strict=True)}
    labels = {n: "_".join([str(n), own[2], "gone", own[0], own[1]]) for n, own in words.items()}
    labels[1] = f"1_{words[1][0]}_{words[1][1]}_gone_lost"
    labels[2] = ""
    outcome = fit(corpus, range(len(themes)), EarlierTopics(themes, labels, 5))
    kept = dict(zip(continuity_of(outcome).numbers, continuity_of(outcome).raw_labels, strict=True))
    assert kept == {number: label if number not in (1, 2) else None for number, label in labels.items()}


def test_the_order_of_the_comments_does_not_matter(corpus: Corpus) -> None:
    """Nor which of several copies was known."""
    themes = corpus[2]
    n = len(themes)
    rows = np.concatenate([np.arange(n), np.arange(0, n, 5)])
    labels = np.where(np.arange(len(rows)) % 3 == 0, UNKNOWN, themes[rows])
    shuffled = np.random.default_rng(1).permutation(len(rows))
    one = fit(corpus, rows, known(labels, numbers=range(6)))
    other = fit(corpus, rows[shuffled], known(labels[shuffled], numbers=range(6)))
    assert numbers_of(one)[shuffled].tolist() == numbers_of(other).tolist()
    assert one.probabilities[shuffled].tolist() == other.probabilities.tolist()
    assert one.topics == other.topics
    assert one.continuity == other.continuity


def test_copies_of_a_comment_have_one_topic(corpus: Corpus) -> None:
    """Most of those that were in a topic decide, then the lower number; one that was in none says nothing."""
    copies = np.array([0, 0, 0, 1, 1, 1, 2, 2, 3])
    labels = np.array([4, 2, 4, -2, 5, -1, 7, 6, -1])
    assert united_labels(labels, copies).tolist() == [4, 4, 4, 5, 5, 5, 6, 6, -1]
    themes = corpus[2]
    rows = np.append(np.arange(len(themes)), 5)
    before = np.append(themes, 3)
    assert numbers_of(fit(corpus, rows, known(before)))[[5, -1]].tolist() == [0, 0]


def test_a_refit_is_advised_if_more_than_a_third_is_new(corpus: Corpus) -> None:
    """Comments that were probably outliers before are not counted."""
    themes = corpus[2]
    rows = np.arange(len(themes))
    labels = np.where(rows % 5 < 2, UNKNOWN, themes)
    refit = continuity_of(fit(corpus, rows, known(labels))).refit
    assert refit.advised
    assert refit.why == "96 of 240 comments are new"
    earlier = known(labels)
    told = EarlierTopics(labels, earlier.raw_labels, earlier.highest, n_outliers_among_unknown=20)
    assert not continuity_of(fit(corpus, rows, told)).refit.advised


def test_a_refit_is_advised_if_the_kept_topics_no_longer_hold_together(corpus: Corpus) -> None:
    """Two topics that are one now, and topics that separate the comments badly."""
    themes = corpus[2]
    mixed = np.where(themes < 2, np.arange(len(themes)) % 2, themes)
    refit = continuity_of(fit(corpus, range(len(themes)), known(mixed))).refit
    assert refit.advised
    assert "modularity" in refit.why
    assert "have grown together" in refit.why


def test_a_topic_that_fell_apart_is_said(corpus: Corpus) -> None:
    """It stays one topic until a refit is asked for."""
    before = np.array([0, 0, 1, 2, 3, 4])[corpus[2]]
    outcome = fit(corpus, range(len(before)), known(before))
    assert numbers_of(outcome).tolist() == before.tolist()
    assert "topic 0 has fallen apart" in continuity_of(outcome).refit.why
    assert "grown together" not in continuity_of(outcome).refit.why


def test_a_small_topic_beside_a_large_one_has_not_grown_together_with_it() -> None:
    """Though most of its neighbors are in the large one: there are so many more comments there."""
    labels = np.array([0] * 90 + [1] * 10, dtype=np.int64)
    # Of the small topic's ten neighbors four are its own; all of the large topic's are in it.
    own = np.array([[*range(90, 94), *range(6)]] * 10)
    voters = make_voters(
        np.vstack([np.arange(10) + np.zeros((90, 1), dtype=np.int64), own]).astype(np.int64),
        np.full((100, 10), 0.1, dtype=np.float32),
        np.arange(100),
    )
    assert grown_together(labels, voters, 2) == []
    mixed = np.arange(100) % 2
    assert grown_together(mixed, voters, 2) == [(0, 1)]


def test_no_refit_is_advised_without_a_reason(corpus: Corpus) -> None:
    """Topics as a first fit finds them."""
    refit = continuity_of(fit(corpus, range(len(corpus[2])), known(corpus[2]))).refit
    assert (refit.advised, refit.why) == (False, "")


def test_a_refit_carries_numbers_over_to_topics_that_match(corpus: Corpus) -> None:
    """What was one topic by mistake is two now: the one that is more than half of it keeps the number."""
    themes = corpus[2]
    rows = np.flatnonzero((themes != 1) | (np.arange(len(themes)) % 4 == 0))
    before = np.array([8, 8, 3, 4, 5, 6])[themes[rows]]
    outcome = fit(corpus, rows, known(before), refit=True)
    assert continuity_of(outcome).kept == (3, 4, 5, 6, 8)
    assert continuity_of(outcome).born == (9,)
    assert numbers_of(outcome)[themes[rows] == 0].tolist() == [8] * N_A_THEME
    assert not continuity_of(outcome).refit.advised


def test_nothing_in_common_is_a_first_fit_with_new_numbers(corpus: Corpus) -> None:
    """As one finds it, but numbered above the earlier topics."""
    rows = range(len(corpus[2]))
    first = fit(corpus, rows)
    outcome = fit(corpus, rows, known(np.full(len(corpus[2]), UNKNOWN), numbers=[0, 3]))
    assert outcome.labels.tolist() == first.labels.tolist()
    assert continuity_of(outcome).numbers == tuple(range(4, 4 + len(THEMES)))
    assert (continuity_of(outcome).kept, continuity_of(outcome).faded) == ((), (0, 3))

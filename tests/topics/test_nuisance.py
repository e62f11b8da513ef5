"""Pronouns, forms of address, languages and lengths: found in comments, doubted in topics, taken out of embeddings."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from scipy.stats import hypergeom

from tests.conftest import SHARED
from tests.topics.themes import THEMES
from worker.topics.evaluation.metrics import silhouette_score
from worker.topics.evaluation.overrepresentation import _at_least, excesses, logged
from worker.topics.fit import BoolArray, FloatArray, IntArray, StageFinished, StageStarted, TopicFit, TopicParams
from worker.topics.graph.neutralizing import FEWEST, Contrast, neutralize
from worker.topics.nuisance import Mark, Nuisance
from worker.topics.pipeline import fit_topics
from worker.topics.preparation import Preparation
from worker.topics.words.encoders import CorpusEncoder, unit
from worker.topics.words.function_words import is_function_word
from worker.topics.words.phrases import read_texts
from worker.topics.words.redaction import redact_texts
from worker.topics.words.wording import LISTS, Wording, read_wording, words_of

N_THEMES = 3
N_OF_EACH = 40


def held(text: str, *others: str) -> set[str]:
    """Name the marks of a comment but for its length."""
    wording = read_wording(read_texts([text, *others]))
    return {
        mark.name
        for mark, holds in zip(wording.marks, wording.holds[0], strict=True)
        if holds and mark.kind is not Nuisance.LENGTH
    }


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Her jokes are funny, she's kind", {"she", "English"}),
        ("HE gave himself a break", {"he", "English"}),
        ("buotan siya ug klaro iyang lesson", {"siya", "Cebuano or Tagalog"}),
        ("Ma’am Reyes", {"ma'am"}),
        ("klaro sir, klaro miss", {"ma'am", "sir"}),
        ("I miss her class, never miss it", {"she", "English"}),
        ("ang ganda, she is nice po", {"she"}),
        ("shells and heroes", {"English"}),
        ("prof. Santos", {"prof"}),
        ("klaro", set()),
    ],
)
def test_marks_of_a_comment(text: str, names: set[str]) -> None:
    """Whole words only, in any case and with any apostrophe; with as many words of both languages it is in none."""
    assert held(text) == names


def test_marks_do_not_run_over_from_the_comment_before() -> None:
    """The last word of one comment does not make a verb of the first one of the next."""
    wording = read_wording(read_texts(["who will", "miss was kind"]))
    column = [mark.name for mark in wording.marks].index("ma'am")
    assert wording.holds[:, column].tolist() == [False, True]


def test_lengths_are_the_quarters_of_the_batch() -> None:
    """Words are counted, not symbols; the mark knows its bound."""
    wording = read_wording(read_texts(["word " * count + "!!! 123" for count in range(1, 9)]))
    short, long = wording.marks[-2:]
    assert (short.name, short.bound, long.name, long.bound) == ("short", 2, "long", 7)
    assert wording.holds[:, -2].tolist() == [True] * 2 + [False] * 6
    assert wording.holds[:, -1].tolist() == [False] * 6 + [True] * 2


def test_lists_hold_stop_words_only() -> None:
    """Then `--redact` keeps them, and no keyword tells of them; no word stands in two lists."""
    words = [word for name in sorted(LISTS) for word in sorted(words_of(name))]
    assert [word for word in words if not is_function_word(word)] == []
    assert len(set(words)) == len(words)


def test_redacted_comments_have_the_same_marks() -> None:
    """So a saved job gives the same topics with what tells wording taken out."""
    texts = ["She explains well, sir", "hindi malinaw ang lesson", "miss, I miss his jokes", "great"]
    one, other = (read_wording(read_texts(some)) for some in (texts, redact_texts(texts)[0]))
    assert np.array_equal(one.holds, other.holds)


def wording_of(**columns: Sequence[bool]) -> Wording:
    """Make a wording of pronouns."""
    marks = tuple(Mark(Nuisance.PRONOUN, name) for name in columns)
    return Wording(marks, np.array(list(columns.values()), dtype=bool).T)


def test_a_topic_of_one_pronoun_is_doubted() -> None:
    """Its share and the batch's are told; the log names topics by their number in the result."""
    labels = np.repeat([0, 1, -1], [30, 60, 10])
    found = excesses(labels, wording_of(she=[i < 27 for i in range(100)]), 2)
    ((excess,), nothing) = found
    assert (excess.mark.name, excess.share, excess.of_all, excess.is_doubt) == ("she", 0.9, 0.27, True)
    assert nothing == ()
    assert logged(found, [7, 8]) == "7: she 90% (27%)"


def test_a_small_topic_is_not_doubted_by_chance() -> None:
    """Two of five that say "she" are twice as many as one in five, and tell nothing: that is a remark."""
    labels = np.repeat([0, 1], [5, 95])
    ((excess,), _) = found = excesses(labels, wording_of(she=[i < 2 or i % 6 == 5 for i in range(100)]), 2)
    assert excess.share > 2 * excess.of_all
    assert not excess.is_doubt
    assert logged(found, [0, 1]) == ""


def test_topics_drawn_at_random_are_hardly_ever_doubted() -> None:
    """Of 4,000 topics of a dozen comments four would be doubted by the test alone; few shares are that far."""
    rng = np.random.default_rng(0)
    wording = wording_of(she=(rng.random(1200) < 0.2).tolist())
    doubted = 0
    for _ in range(40):
        labels = rng.permutation(np.repeat(np.arange(100), 12))
        doubted += sum(excess.is_doubt for own in excesses(labels, wording, 100) for excess in own)
    assert doubted <= 4


def test_a_length_is_far_only_from_a_large_distance_on() -> None:
    """Half of a topic from the shortest quarter is usual for thanks; nine tenths are not."""
    labels = np.repeat([0, 1], [100, 300])

    def doubts(n_short: int) -> int:
        holds = np.array([i < n_short or 100 <= i < 200 - n_short for i in range(400)])[:, None]
        found = excesses(labels, Wording((Mark(Nuisance.LENGTH, "short", 5),), holds), 2)
        return sum(excess.is_doubt for excess in found[0])

    assert [doubts(50), doubts(90)] == [0, 1]


def contrast(n_one: int = 50, n_other: int = 50, n: int = 200) -> Contrast:
    """Make a contrast of the first rows and the next ones."""
    rows = np.arange(n)
    return Contrast(rows < n_one, (rows >= n_one) & (rows < n_one + n_other))


def rows_with(shift: float, groups: Contrast, n: int = 200, d: int = 32) -> FloatArray:
    """Make unit rows whose first coordinate tells the two groups."""
    rows = np.random.default_rng(1).normal(size=(n, d)) / np.sqrt(d)
    rows[:, 0] += shift * (groups.one.astype(float) - groups.other)
    return unit(rows)


def test_a_direction_is_taken_out() -> None:
    """The means agree afterwards, the rows are unit vectors, and what was given is not modified."""
    groups = contrast()
    rows = rows_with(1.0, groups)
    before = rows.copy()
    neutral = neutralize(rows, {"pronoun": groups})
    assert np.array_equal(rows, before)
    assert 0.2 < neutral.removed["pronoun"] < 0.6
    means = [neutral.embeddings[each].mean(axis=0)[0] for each in (groups.one, groups.other)]
    assert abs(means[0] - means[1]) < 0.05 < abs(rows[groups.one].mean(axis=0)[0] - rows[groups.other].mean(axis=0)[0])
    np.testing.assert_allclose(np.linalg.norm(neutral.embeddings, axis=1), 1, atol=1e-6)
    assert neutral.embeddings.dtype == np.float32


@pytest.mark.parametrize(
    ("shift", "groups"),
    [(0.02, contrast()), (1.0, contrast(FEWEST - 1, 100)), (1.0, contrast(100, 0))],
    ids=["no clear difference", "too few", "none of the other"],
)
def test_what_is_not_clear_stays(shift: float, groups: Contrast) -> None:
    """A difference of means that may be chance, or of a few comments, is the direction of something else."""
    rows = rows_with(shift, groups)
    neutral = neutralize(rows, {"pronoun": groups})
    assert neutral.removed == {}
    assert np.array_equal(neutral.embeddings, rows)


def test_the_same_comments_differ_in_one_direction() -> None:
    """Who says "she" says "ma'am": what the second contrast has left is rounding, and as good as any direction."""
    groups = contrast()
    rows = rows_with(1.0, groups)
    both, once = (neutralize(rows, dict.fromkeys(names, groups)) for names in (("pronoun", "address"), ("pronoun",)))
    assert both.removed == once.removed
    assert np.array_equal(both.embeddings, once.embeddings)


def test_equal_embeddings_have_no_direction() -> None:
    """Their variance is the rounding of zero, and so is the difference of means: no number is larger than that."""
    groups = contrast()
    for seed in range(20):
        rows = np.tile(unit(np.random.default_rng(seed).normal(size=(1, 768))).astype(np.float32), (200, 1))
        neutral = neutralize(rows, {"pronoun": groups})
        assert (neutral.removed, np.array_equal(neutral.embeddings, rows)) == ({}, True)


def test_equal_rows_stay_equal_and_a_row_of_nothing_else_stays() -> None:
    """Copies of a comment have one vector; one along the direction has no other."""
    groups = contrast()
    rows = rows_with(1.0, groups)
    rows[150:] = rows[0]
    pure = np.zeros_like(rows)
    pure[:, 0] = 1
    neutral = neutralize(rows, {"pronoun": groups}).embeddings
    assert len(np.unique(neutral[150:], axis=0)) == 1
    assert np.array_equal(neutral[0], neutral[199])
    signs = (groups.one.astype(np.float32) - groups.other)[:, None]
    everything = unit(signs * pure + (signs == 0) * rows)
    assert np.isfinite(neutralize(everything, {"pronoun": groups}).embeddings).all()


def worded(words: Sequence[str], strength: float = 1.0) -> tuple[list[str], FloatArray, list[int]]:
    """Make comments of three themes, each worded in two ways; the embeddings tell the wording, too.

    Returns:
        texts, embeddings, and the theme of each.
    """
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(768, N_THEMES + 1)))[0].T
    texts, vectors, themes = [], [], []
    for theme, own in enumerate(list(THEMES.values())[:N_THEMES]):
        for i in range(2 * N_OF_EACH):
            # Words of its own for each half: topics of one name would be joined.
            said = rng.choice(own.split()[i % 2 :: 2], size=4, replace=False)
            texts.append(f"{words[i % 2]} {' '.join(said)}")
            sign = 1 if i % 2 else -1
            vectors.append(axes[theme] + sign * strength * axes[-1] + 0.05 * rng.normal(size=768))
            themes.append(theme)
    return texts, unit(np.array(vectors)), themes


PRONOUNS = ("she", "he")


def fitted(
    texts: Sequence[str], embeddings: FloatArray, preparation: Preparation | None = None, **params: Any
) -> tuple[TopicFit, Mapping[str, object]]:
    """Fit a batch, and give what the stages told."""
    told: dict[str, object] = {}

    def on_stage(event: StageStarted | StageFinished) -> None:
        told.update(event.details if isinstance(event, StageFinished) else {})

    outcome = fit_topics(
        texts,
        embeddings,
        TopicParams(**params),
        encoder=CorpusEncoder(),
        device="cpu",
        on_stage=on_stage,
        keep=True,
        preparation=preparation,
    )
    assert isinstance(outcome, TopicFit)
    return outcome, told


def test_comments_are_not_sorted_by_pronoun() -> None:
    """With nothing taken out the topics are those of a pronoun, and doubted; the parameter mends that."""
    texts, embeddings, themes = worded(PRONOUNS)
    sorted_by_pronoun, told = fitted(texts, embeddings, neutralize=False)
    assert len(sorted_by_pronoun.topics) == 2 * N_THEMES
    assert all(own[0].is_doubt and own[0].share == 1 for own in sorted_by_pronoun.excesses)
    assert str(told["doubtful_topics"]).startswith("0: ")
    assert "neutralized" not in told
    by_theme, told = fitted(texts, embeddings, neutralize=True)
    assert len(by_theme.topics) == N_THEMES
    assert len({(theme, int(label)) for theme, label in zip(themes, by_theme.labels, strict=True)}) == N_THEMES
    assert by_theme.excesses == ((),) * N_THEMES
    assert str(told["neutralized"]).startswith("pronoun ")
    assert "doubtful_topics" not in told


@pytest.mark.parametrize(
    ("words", "kind"),
    [(("ma'am", "sir"), "address"), (("the the", "ang mga"), "language")],
    ids=["address", "language"],
)
def test_address_and_language_are_taken_out_on_request(words: tuple[str, str], kind: str) -> None:
    """All that is found is taken out, and nothing if the parameter is left out."""
    texts, embeddings, _ = worded(words)
    left_out, told = fitted(texts, embeddings)
    assert len(left_out.topics) == 2 * N_THEMES
    assert str(told["doubtful_topics"]).count(words[0] if kind == "address" else "English") == N_THEMES
    asked, told = fitted(texts, embeddings, neutralize=True)
    assert len(asked.topics) == N_THEMES
    assert str(told["neutralized"]).startswith(kind)


def test_nothing_to_take_out_is_said() -> None:
    """If it was asked for; the topics are those of a batch from which nothing is taken."""
    texts, embeddings, _ = worded(("word", "other"))
    (asked, told), (plain, plainly_told) = fitted(texts, embeddings, neutralize=True), fitted(texts, embeddings)
    assert told["neutralized"] == "nothing"
    assert "neutralized" not in plainly_told
    assert asked.labels.tolist() == plain.labels.tolist()


def test_the_order_of_the_items_does_not_matter() -> None:
    """Neither for what is taken out nor for what is doubted."""
    texts, embeddings, _ = worded(PRONOUNS, strength=0.7)
    order = np.random.default_rng(3).permutation(len(texts))
    one, told = fitted(texts, embeddings, neutralize=True)
    other, told_again = fitted([texts[i] for i in order], embeddings[order], neutralize=True)
    assert one.labels[order].tolist() == other.labels.tolist()
    assert one.probabilities[order].tolist() == other.probabilities.tolist()
    assert (one.metrics, one.topics, one.excesses, told["neutralized"]) == (
        other.metrics,
        other.topics,
        other.excesses,
        told_again["neutralized"],
    )


@pytest.mark.slow
def test_fits_that_share_a_preparation_are_as_alone() -> None:
    """A sweep over the parameter searches neighbors anew if something else is taken out."""
    texts, embeddings, _ = worded(PRONOUNS)
    shared = Preparation(texts, embeddings, "cpu")
    for asked in (False, True, False):
        (alone, _), (together, _) = (
            fitted(texts, embeddings, preparation, neutralize=asked) for preparation in (None, shared)
        )
        assert alone.labels.tolist() == together.labels.tolist()
        assert alone.metrics == together.metrics


def test_what_is_kept_and_measured_is_of_the_embeddings_that_were_given() -> None:
    """A comment of tomorrow comes as it is, so topic vectors are means of such; the silhouette is comparable."""
    texts, embeddings, _ = worded(PRONOUNS)
    neutral, _ = fitted(texts, embeddings, neutralize=True)
    assert neutral.traits is not None
    means = unit(np.stack([embeddings[neutral.labels == topic].mean(axis=0) for topic in range(N_THEMES)]))
    np.testing.assert_allclose(neutral.traits.centroids, means, atol=1e-6)
    measured = silhouette_score(embeddings, neutral.labels, "cpu")
    assert neutral.metrics.silhouette_score == pytest.approx(measured, abs=1e-6)


def share_of(words: frozenset[str], texts: Sequence[str]) -> BoolArray:
    """Tell which comments hold one of some words, split in the plainest way."""
    spaced = ("".join(c if c.isalpha() or c == "'" else " " for c in text.lower()) for text in texts)
    return np.array([bool(words & set(text.split())) for text in spaced])


@pytest.mark.corpora
@pytest.mark.soak
@pytest.mark.slow
@pytest.mark.parametrize("neutralize_too", [True, False], ids=["on", "off"])
@pytest.mark.parametrize("name", ["course_reviews", "course_review_sentences", "news"])
def test_no_topic_of_the_corpora_is_of_a_pronoun_unsaid(name: str, neutralize_too: bool) -> None:
    """A share above twice the batch's own, counted apart from the engine, is told; a large one is doubted."""
    from tests.benchmarks.corpora import load_corpus

    corpus = load_corpus(SHARED / "data", name)
    found, _ = fitted(corpus.texts, corpus.embeddings, neutralize=neutralize_too)
    labels: IntArray = found.labels
    for pronoun in ("she", "he"):
        says = share_of(words_of(pronoun), corpus.texts)
        for topic, own in enumerate(found.excesses):
            share = says[labels == topic].mean()
            told = [excess for excess in own if excess.mark.name == pronoun]
            assert told or share < 2.02 * says.mean()
            assert share < 0.8 or told[0].is_doubt


def test_the_chance_is_that_of_the_hypergeometric_test() -> None:
    """The chance that a topic holds a mark so often by chance is that of scipy.stats, also where it is 0 or 1."""
    rng = np.random.default_rng(3)
    for n in (2, 60, 3000):
        sizes, totals = rng.integers(0, n + 1, 9), np.append(rng.integers(0, n + 1, 5), (0, n))
        most = np.minimum(sizes[:, None], totals)
        counts = rng.integers(np.maximum(0, sizes[:, None] - (n - totals)), most + 1)
        expected = hypergeom.sf(counts - 1, n, totals[None, :], sizes[:, None])
        np.testing.assert_allclose(_at_least(counts, n, totals, sizes), expected, rtol=1e-9, atol=1e-300)

"""Whether a batch is like those before."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, fisher_exact, hypergeom

from tests.models.made_up import DAY_ONE, Comments, first_model, fit_of
from worker.models.assignment import Assignment, assign
from worker.models.building import build
from worker.models.drift import drift
from worker.models.model import Documents, HalfSum, KeptModel
from worker.models.p_values import any_of, both
from worker.models.remoteness import remoteness
from worker.models.shift import shift
from worker.topics.fit import FloatArray, IntArray


@pytest.fixture(scope="module")
def model() -> KeptModel:
    """Give a model of five topics of 12 documents."""
    comments = Comments(12)
    return first_model(comments, comments.rows(0, 1, 2, 3, 4))


def with_baseline(model: KeptModel, counts: list[int], outliers: int) -> KeptModel:
    """Say what the model has seen."""
    return replace(model, baseline=dict(enumerate(counts)), baseline_outliers=outliers)


def batch(counts: list[int], outliers: int) -> Assignment:
    """Give a batch of these counts, of which only these are known."""
    labels = np.repeat(np.arange(-1, len(counts)), [outliers, *counts])
    return Assignment(labels, np.ones(len(labels), dtype=np.float32), labels, np.ones(len(labels)))


def test_the_p_value_of_counts_is_that_of_two_questions(model: KeptModel) -> None:
    """Chi-squared of the topics, and Fisher's exact test of the outliers, as SciPy has them."""
    before, now = [400, 300, 200, 60, 40], [60, 70, 30, 20, 20]
    known = with_baseline(model, before, 50)
    chi = chi2_contingency(np.array([before, now]), correction=False).pvalue
    found = drift(known, batch(now, 10))
    assert found.p_value == pytest.approx(any_of([chi, 1.0]), rel=1e-4)
    many = drift(known, batch([40, 30, 20, 6, 4], 40))
    usual = [round(50 * times) for times in (1, 1.1, 1.2, 1.3, 1.4, 1.5, 2)]
    # Of 40 or more and of 41 or more, of 40 and those before.
    fisher = np.mean([hypergeom.sf([39, 40], 1190, 40 + before, 140) for before in usual])
    assert many.p_value == pytest.approx(any_of([fisher, 1.0]), rel=1e-3)
    assert many.level == "HIGH"
    assert many.outlier_excess == pytest.approx(40 / 140 - 50 / 1050)


def test_two_doubts_are_drift(model: KeptModel) -> None:
    """Neither the topics nor the outliers alone are unusual enough."""
    known = with_baseline(model, [4000, 3000, 2000, 600, 400], 150)
    usual, moved = [21, 17, 11, 4, 2], [12, 21, 18, 2, 2]
    assert drift(known, batch(moved, 1)).level == drift(known, batch(usual, 5)).level == "LOW"
    assert drift(known, batch(moved, 5)).level == "MEDIUM"


def test_outliers_count_if_they_are_more_than_new_documents_give(model: KeptModel) -> None:
    """Of documents that are new to a model up to half as many again are, which many documents make certain."""
    known = with_baseline(model, [4000, 3000, 1500, 800, 400], 300)
    usual = batch([1186, 890, 445, 236, 117], 126)
    assert fisher_exact([[126, 2874], [300, 9700]], alternative="greater").pvalue < 0.001
    assert drift(known, usual).level == "LOW"
    assert drift(known, batch([1140, 855, 427, 227, 111], 240)).p_value < 0.001


def test_fewer_outliers_than_what_is_too_far_were_luck(model: KeptModel) -> None:
    """Two of a hundred are too far by definition, so that 1 in 250 before is no measure."""
    known, now = with_baseline(model, [120, 110, 100, 90, 78], 2), batch([45, 43, 39, 35, 30], 8)
    assert fisher_exact([[8, 192], [2, 498]], alternative="greater").pvalue < 0.01
    assert drift(known, now).level == "LOW"


def test_rare_topics_count_together(model: KeptModel) -> None:
    """Where fewer than 5 documents are expected, chi-squared would tell anything."""
    before, now = [500, 480, 8, 7, 5], [42, 52, 6, 0, 0]
    pooled = chi2_contingency(np.array([[500, 500], [42, 58]]), correction=False).pvalue
    assert chi2_contingency(np.array([before, now]), correction=False).pvalue < 0.01
    assert drift(with_baseline(model, before, 0), batch(now, 0)).p_value == pytest.approx(
        any_of([pooled, 1.0]), rel=0.01
    )


def test_a_shift_is_high_and_names_its_topics(model: KeptModel) -> None:
    """The topics that moved most come first."""
    known = with_baseline(model, [400, 300, 200, 60, 40], 50)
    found = drift(known, batch([10, 80, 50, 10, 50], 10))
    assert found.level == "HIGH"
    assert found.moved == (0, 4, 1)
    assert found.excess_variation > 0.15


def test_a_small_shift_of_many_is_medium(model: KeptModel) -> None:
    """It is certain, but not large."""
    known = with_baseline(model, [4000, 3000, 2000, 600, 400], 500)
    found = drift(known, batch([3500, 3400, 2000, 600, 400], 500))
    assert found.p_value < 0.001
    assert found.level == "MEDIUM"


def test_too_few_tell_nothing(model: KeptModel) -> None:
    """Under 50 documents the level is LOW whatever they are."""
    known = with_baseline(model, [400, 300, 200, 60, 40], 50)
    found = drift(known, batch([0, 0, 0, 0, 49], 0))
    assert not found.enough
    assert found.level == "LOW"
    assert drift(known, batch([0, 0, 0, 0, 50], 0)).level == "HIGH"


@pytest.mark.parametrize("n", [50, 200, 1000])
def test_the_same_distribution_is_rarely_told(model: KeptModel, n: int) -> None:
    """Of 200 batches of what the model knows hardly one is flagged: the model's own error is counted too."""
    shares = np.array([0.05, 0.4, 0.25, 0.15, 0.1, 0.05])
    rng = np.random.default_rng(n)
    flagged = 0
    for _ in range(200):
        outliers, *counts = rng.multinomial(600, shares).tolist()
        outliers_now, *now = rng.multinomial(n, shares).tolist()
        flagged += drift(with_baseline(model, counts, outliers), batch(now, outliers_now)).level != "LOW"
    assert flagged <= 8


@given(st.lists(st.integers(0, 50), min_size=5, max_size=5), st.integers(0, 50), st.integers(0, 20))
def test_any_counts_give_sound_numbers(model: KeptModel, counts: list[int], outliers: int, known: int) -> None:
    """Nothing is divided by zero, and each figure is in its range."""
    found = drift(with_baseline(model, [known, 0, 3, 0, known], known), batch(counts, outliers))
    assert 0 <= found.p_value <= 1
    assert -1 <= found.excess_variation <= 1
    assert -1 <= found.outlier_excess <= 1
    assert len(found.moved) <= 3


def test_embeddings_of_another_model_are_high(model: KeptModel) -> None:
    """Though each has a nearest topic, and all may be near enough; comments of one topic alone are not foreign."""
    comments = Comments(30)
    known = with_baseline(model, [100, 100, 100, 100, 100], 10)
    usual = comments.embeddings[comments.rows(0, 1, 2, 3, 4, first=12)]
    alone = comments.embeddings[np.tile(comments.rows(2), 2)]
    same = batch([18, 18, 18, 18, 18], 0)
    assert drift(known, same, usual).level == "LOW"
    assert not drift(known, batch([0, 0, 60, 0, 0], 0), alone).is_foreign
    for foreign in (np.roll(usual, 5, axis=1), -usual):
        found = drift(known, same, foreign)
        assert (found.is_foreign, found.level) == (True, "HIGH")
        assert not drift(known, batch([8, 8, 8, 8, 8], 0), foreign[:40]).is_foreign


def wide(rng: np.random.Generator, themes: IntArray) -> FloatArray:
    """Draw documents of themes that overlap, spread in few directions more than in the others; (n, 60)."""
    spread = 1 / np.sqrt(1 + np.arange(60))
    centers = 0.6 * np.random.default_rng(7).normal(size=(6, 60)) / np.sqrt(60)
    drawn = centers[themes] + rng.normal(size=(len(themes), 60)) * spread / np.linalg.norm(spread)
    drawn[:, 0] += 0.6
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def wide_model(rng: np.random.Generator) -> KeptModel:
    """Make a model of five of these themes, of 600 documents."""
    themes = np.arange(600) % 5
    documents = Documents(
        [f"theme{theme} word{theme}" for theme in themes], [f"s{i}" for i in range(600)], wide(rng, themes)
    )
    return build(fit_of(themes, documents.texts, documents.embeddings), documents, DAY_ONE)


@pytest.mark.parametrize("has_half", [True, False])
def test_comments_like_those_before_are_rarely_told(*, has_half: bool) -> None:
    """Of a model, too, that was kept when there was no half of its comments yet."""
    levels = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        model, some = wide_model(rng), wide(rng, rng.integers(5, size=50))
        if not has_half:
            model = replace(model, half=HalfSum(np.zeros(60), 0))
        levels.append(drift(model, assign(model, some), some).level)
    assert levels.count("LOW") >= 38
    assert "HIGH" not in levels


def scattered(rng: np.random.Generator, n: int) -> tuple[IntArray, FloatArray]:
    """Draw documents of five themes, and one in seven that is of none."""
    themes = np.where(rng.random(n) < 1 / 7, -1, rng.integers(5, size=n))
    anywhere = rng.normal(size=(n, 60))
    anywhere[:, 0] += 2.3
    anywhere /= np.linalg.norm(anywhere, axis=1, keepdims=True)
    drawn = wide(rng, np.maximum(themes, 0))
    drawn[themes < 0] = anywhere[themes < 0]
    return themes, drawn


@pytest.mark.parametrize("n", [50, 1000])
def test_outliers_as_in_the_fit_are_no_drift(n: int) -> None:
    """Though no topic's histogram has any of the fit's."""
    levels = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        themes, embeddings = scattered(rng, 1000)
        documents = Documents([f"theme{i} word{i}" for i in themes], [f"s{i}" for i in range(1000)], embeddings)
        model = build(fit_of(themes, documents.texts, embeddings), documents, DAY_ONE)
        assert model.baseline_outliers > 120
        for _ in range(4):
            some = scattered(rng, n)[1]
            levels.append(drift(model, assign(model, some), some).level)
    assert levels.count("LOW") >= 23
    assert "HIGH" not in levels


def test_four_questions_make_one_p_value() -> None:
    """What the counts tell, and what the vectors tell of more of the same and of something new."""
    rng = np.random.default_rng(3)
    model, some = wide_model(rng), wide(rng, rng.integers(6, size=80))
    assignment, moved = assign(model, some), shift(model, some)
    assert moved is not None
    new = both(remoteness(model, assignment), moved.aside)
    counts = drift(model, assignment).p_value
    found = drift(model, assignment, some)
    assert 4 / found.p_value == pytest.approx(2 / counts + 1 / moved.along + 1 / new)
    assert found.shift == moved.size

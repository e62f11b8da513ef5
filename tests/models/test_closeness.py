"""How close documents are to topics, and from where on they are too far away."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.made_up import Comments, first_model
from worker.models.assignment import assignable
from worker.models.closeness import Parts, histogram, quantile, thresholds
from worker.models.partition import divide, sums_of


def test_leave_one_out_is_what_the_others_give() -> None:
    """A document is as close to its own part as if the part had been made without it."""
    comments = Comments(30)
    rows = comments.rows(0, 1)
    embeddings = comments.embeddings[rows]
    center = embeddings.mean(axis=0, dtype=np.float64)
    part = np.concatenate([divide(embeddings[:30], center), 2 + divide(embeddings[30:], center)])
    sums, counts = sums_of(part, embeddings, 4)
    parts = Parts(sums, counts, np.array([0, 2]), center)
    found = parts.closeness(embeddings, part)
    for i in range(len(rows)):
        others = (part == part[i]) & (np.arange(len(rows)) != i)
        rest = embeddings[others].mean(axis=0, dtype=np.float64) - center
        own = embeddings[i].astype(np.float64) - center
        expected = own @ rest / np.linalg.norm(own) / np.linalg.norm(rest)
        assert found[i, part[i]] == pytest.approx(expected, abs=2e-6)
    with_it = parts.closeness(embeddings)
    assert (found[np.arange(60), part] < with_it[np.arange(60), part]).all()


def test_the_threshold_is_the_second_percentile_of_the_members() -> None:
    """It is that of the leave-one-out closeness, up to the width of a bin."""
    comments = Comments(200, noise=0.04)
    rows = comments.rows(0, 1, 2)
    model = first_model(comments, rows)
    embeddings = comments.embeddings[rows]
    parts = Parts.of(assignable(model.topics), model.center)
    for topic, threshold in enumerate(thresholds(model.topics)):
        own = embeddings[comments.themes[rows] == topic]
        assert model.topics[topic].closeness.sum() == 200
        with_it = parts.by_topic(parts.closeness(own))[:, topic]
        # Members that take part in what they are compared with look closer than they are.
        assert threshold < np.quantile(with_it, 0.02)
        assert threshold > np.quantile(with_it, 0.02) - 0.2


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=200), st.floats(0, 1))
def test_a_quantile_is_right_up_to_a_bin(values: list[float], share: float) -> None:
    """No more than this share of the values is clearly below, and no more than the rest clearly above."""
    found = quantile(histogram(np.array(values)), share)
    assert np.mean(np.array(values) < found - 0.0101) <= share + 1e-9
    assert np.mean(np.array(values) > found + 0.0101) <= 1 - share + 1e-9


def test_an_empty_histogram_lets_everything_in() -> None:
    """There is no threshold of nothing."""
    assert quantile(np.zeros(200, dtype=np.int64), 0.02) == -1


@given(st.integers(0, 400), st.integers(0, 3))
def test_no_part_is_small(n: int, seed: int) -> None:
    """Each part has at least 10 documents; fewer than 10 make none."""
    embeddings = np.random.default_rng(seed).normal(size=(n, 5)).astype(np.float32)
    part = divide(embeddings, np.zeros(5))
    if n < 10:
        assert (part == -1).all()
    else:
        sizes = np.bincount(part)
        assert sizes.min() >= 10
        assert sizes.sum() == n
        assert len(sizes) == max(1, min(20, n // 15)) or sizes.max() < 20


def test_equal_documents_can_be_divided() -> None:
    """A course whose comments are all "ok" is divided as any other."""
    part = divide(np.ones((45, 4), dtype=np.float32), np.zeros(4))
    assert sorted(np.bincount(part).tolist()) == [11, 12, 22]

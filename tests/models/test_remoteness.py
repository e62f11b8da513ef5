"""Whether documents are farther from their topics than those before."""

from dataclasses import replace

import numpy as np
import pytest

from tests.models.made_up import Comments, first_model
from worker.models.assignment import Assignment
from worker.models.closeness import histogram
from worker.models.model import KeptModel
from worker.models.remoteness import remoteness
from worker.topics.arrays import DoubleArray


@pytest.fixture(scope="module")
def model() -> KeptModel:
    """Give a model of two topics of 5,000 documents, of which one's are closer than the other's."""
    comments, rng = Comments(12), np.random.default_rng(0)
    model = first_model(comments, comments.rows(0, 1))
    one, other = model.topics
    topics = (
        replace(one, closeness=histogram(rng.normal(0.6, 0.1, 5000))),
        replace(other, closeness=histogram(rng.normal(0.2, 0.05, 5000))),
    )
    return replace(model, topics=topics, baseline={0: 4900, 1: 4900}, baseline_outliers=200)


def near(nearest: list[int], closeness: DoubleArray) -> Assignment:
    """Give a batch of this closeness."""
    numbers = np.array(nearest, dtype=np.int64)
    return Assignment(numbers, np.ones(len(numbers), dtype=np.float32), numbers, closeness)


def test_the_same_closeness_is_far_in_one_topic_and_usual_in_another(model: KeptModel) -> None:
    """What counts is how close the documents before were to the same topic."""
    rng = np.random.default_rng(1)
    closeness = rng.normal(0.2, 0.05, 50)
    assert remoteness(model, near([1] * 50, closeness)) > 0.05
    assert remoteness(model, near([0] * 50, closeness)) < 1e-9


def test_few_that_are_very_far_are_told(model: KeptModel) -> None:
    """Though the mean of the batch hardly moves; documents that are closer than usual are not far."""
    rng = np.random.default_rng(2)
    closeness = rng.normal(0.6, 0.1, 50)
    usual, closer = near([0] * 50, closeness), near([0] * 50, closeness + 0.1)
    closeness = closeness.copy()
    closeness[:10] = 0.3
    few = near([0] * 50, closeness)
    assert remoteness(model, few) < 0.001 < remoteness(model, usual) < remoteness(model, closer)


@pytest.mark.parametrize("n", [50, 1000])
def test_documents_as_far_as_new_ones_usually_are_say_little(model: KeptModel, n: int) -> None:
    """Of 300 batches: like those before, and with logarithms 1.3 times as large."""
    rng = np.random.default_rng(n)
    below = np.cumsum(model.topics[0].closeness) / 5000
    edges = np.linspace(-0.99, 1, 200)
    for times, most in ((1.0, 0.02), (1.3, 0.2)):
        shares = np.exp(-rng.exponential(times, size=(300, n)))
        found = [remoteness(model, near([0] * n, np.interp(row, below, edges))) for row in shares]
        assert np.mean(np.array(found) < 0.05) <= most


def test_nothing_to_compare_with_says_nothing(model: KeptModel) -> None:
    """No topic has a vector, or nobody was near one."""
    nobody = replace(model.topics[0], closeness=np.zeros(200, dtype=np.int64))
    assert remoteness(replace(model, topics=()), near([-1] * 60, np.full(60, -1.0))) == 1
    assert remoteness(replace(model, topics=(nobody,)), near([0] * 9, np.zeros(9))) > 0.05
    assert remoteness(replace(model, baseline={}, baseline_outliers=0), near([0] * 9, np.full(9, 0.6))) > 0.05


@pytest.mark.parametrize("n", [50, 1000])
def test_as_many_outliers_as_the_fit_had_are_not_far(model: KeptModel, n: int) -> None:
    """A fit's outliers are in no histogram; batches are not, however far the outliers are."""
    rng = np.random.default_rng(n)
    fitted = replace(model, baseline={0: 4900, 1: 4900}, baseline_outliers=1960)
    is_outlier = rng.random((40, n)) < 1 / 6
    closeness = np.where(is_outlier, -0.5, np.maximum(rng.normal(0.6, 0.1, (40, n)), 0.41))
    batches = [
        replace(near([0] * n, row), labels=np.where(out, -1, 0)) for row, out in zip(closeness, is_outlier, strict=True)
    ]
    assert np.mean([remoteness(fitted, batch) < 0.05 for batch in batches]) <= 0.05
    assert remoteness(model, batches[0]) < 0.001

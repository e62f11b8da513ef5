"""Whether a batch as a whole lies where the documents of a model lie."""

from dataclasses import replace

import numpy as np
import pytest

from tests.models.made_up import Comments, first_model
from worker.models.assignment import assign
from worker.models.drift import drift
from worker.models.model import HalfSum, KeptModel
from worker.models.shift import Shift, half_of, shift
from worker.topics.arrays import FloatArray

D = 40


def cloud(rng: np.random.Generator, n: int, pull: float = 0.0) -> FloatArray:
    """Draw documents that spread in few directions more than in the others, and all lie in a common one."""
    spread = 1 / np.sqrt(1 + np.arange(D))
    drawn = rng.normal(size=(n, D)) * spread
    drawn[:, 0] += 3
    drawn[:, D // 2] += pull
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def model() -> KeptModel:
    """Give a model whose topics have no vector; what it has of its comments' mean is set by each test."""
    comments = Comments(12)
    return replace(first_model(comments, comments.rows(0, 1, 2, 3, 4)), topics=())


@pytest.fixture(scope="module")
def with_topics() -> KeptModel:
    """Give a model of two topics that lie apart in two of the directions in which documents spread most."""
    comments = Comments(12)
    model = first_model(comments, comments.rows(0, 1))
    sums = np.zeros((2, 1, D))
    sums[:, :, 0], sums[0, :, 1], sums[1, :, 2] = 9, 3, 3
    topics = [
        replace(topic, part_sums=own, part_counts=np.array([10])) for topic, own in zip(model.topics, sums, strict=True)
    ]
    return replace(model, topics=tuple(topics))


def moved(model: KeptModel, batch: FloatArray) -> Shift:
    """Compare a batch that is large enough."""
    found = shift(model, batch)
    assert found is not None
    return found


@pytest.mark.parametrize("n", [50, 200])
def test_the_same_documents_are_rarely_told(with_topics: KeptModel, n: int) -> None:
    """Of 300 batches, as many as the level says; the model's own error is counted too."""
    rng = np.random.default_rng(n)
    found = [moved(replace(with_topics, half=half_of(cloud(rng, 600))), cloud(rng, n)) for _ in range(300)]
    for p_values in (np.array([one.along for one in found]), np.array([one.aside for one in found])):
        assert 0.01 <= np.mean(p_values < 0.05) <= 0.09
        assert np.mean(p_values < 0.01) <= 0.03


def test_a_pull_is_told(model: KeptModel) -> None:
    """Where the topics' counts tell nothing; without topics there is nothing along them."""
    rng = np.random.default_rng(1)
    known = replace(model, half=half_of(cloud(rng, 600)))
    little, much = (moved(known, cloud(rng, 200, pull)) for pull in (0.3, 1.0))
    assert much.aside < little.aside < 0.001
    assert little.along == 1


def test_more_of_a_topic_lies_along_and_something_new_aside(with_topics: KeptModel) -> None:
    """Each is told best where it is looked for."""
    rng = np.random.default_rng(5)
    known = replace(with_topics, half=half_of(cloud(rng, 600)))
    new, usual = cloud(rng, 60, 0.5), cloud(rng, 60)
    towards = usual + np.float32(0.06) * (np.eye(D, dtype=np.float32)[1] - np.eye(D, dtype=np.float32)[2])
    more = moved(known, towards / np.linalg.norm(towards, axis=1, keepdims=True))
    other = moved(known, new)
    assert more.along < min(0.01, more.aside / 50)
    assert other.aside < 0.01 < other.along


def test_documents_between_the_topics_are_high() -> None:
    """Each has its nearest topic as before, and none is an outlier."""
    comments = Comments(40)
    known = first_model(comments, comments.rows(0, 1, 2, 3, 4))
    usual = comments.embeddings[comments.rows(0, 1, 2, 3, 4)]
    new = usual.mean(axis=0) + usual + 0.5 * comments.embeddings[comments.rows(5)].mean(axis=0)
    new /= np.linalg.norm(new, axis=1, keepdims=True)
    new = new.astype(np.float32)
    assert drift(known, assign(known, usual), usual).level == "LOW"
    labels = assign(known, usual)
    found = drift(known, labels, new)
    assert (found.level, found.is_foreign) == ("HIGH", False)
    assert found.shift > 0.25
    assert drift(replace(known, half=HalfSum(np.zeros(known.dimension), 0)), labels, new).level == "LOW"


def test_a_half_gives_nobody_away() -> None:
    """Not by its own, which are ten at least, nor by those of two windows that differ by one document."""
    rng = np.random.default_rng(2)
    documents = cloud(rng, 200)
    assert half_of(documents[:19]).n == 0
    assert half_of(documents[:20]).n == 10
    assert half_of(documents).n == 100
    nearer = []
    for one in range(20):
        less = half_of(np.delete(documents, one, axis=0))
        difference = half_of(documents).sum - less.sum
        cosines = documents @ difference
        nearer.append(float(np.mean(cosines > cosines[one])))
    # The document that is left out is no nearer to the difference than any other.
    assert 0.25 < np.mean(nearer) < 0.75


def test_one_comment_over_and_over_is_told(with_topics: KeptModel) -> None:
    """It has no spread by which chance could explain anything; where the model's comments are, nothing has moved."""
    rng = np.random.default_rng(4)
    known = replace(with_topics, half=half_of(cloud(rng, 100)))
    one = np.repeat(cloud(rng, 1), 60, axis=0)
    assert (moved(known, one).along, moved(known, one).aside) == (0, 0)
    same = moved(replace(with_topics, half=half_of(np.repeat(one, 2, axis=0))), one)
    assert (same.along, same.aside) == (1, 1)


def test_any_batch_gives_sound_numbers(with_topics: KeptModel) -> None:
    """Equal comments, few, or as many as there are numbers."""
    rng = np.random.default_rng(3)
    known = replace(with_topics, half=half_of(cloud(rng, 100)))
    for batch in (np.repeat(cloud(rng, 1), 60, axis=0), cloud(rng, 10), cloud(rng, 2000)):
        found = moved(known, batch)
        assert 0 <= found.along <= 1
        assert 0 <= found.aside <= 1
        assert found.size >= 0
    assert shift(known, cloud(rng, 3)) is None
    assert shift(replace(known, half=HalfSum(np.zeros(D), 0)), cloud(rng, 50)) is None
    turned = rng.permutation(1200)
    batch = cloud(rng, 1200)
    once, again = moved(known, batch), moved(known, batch[turned])
    assert (once.along, once.aside) == pytest.approx((again.along, again.aside), rel=1e-9)

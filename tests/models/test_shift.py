"""Whether a batch as a whole lies where the documents of a model lie."""

from dataclasses import replace

import numpy as np
import pytest

from tests.models.made_up import Comments, first_model
from worker.models.drift import drift
from worker.models.model import HalfSum, KeptModel
from worker.models.shift import half_of, shift
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


@pytest.mark.parametrize("n", [50, 200])
def test_the_same_documents_are_rarely_told(model: KeptModel, n: int) -> None:
    """Of 300 batches, as many as the level says; the model's own error is counted too."""
    rng = np.random.default_rng(n)
    found = np.array([shift(replace(model, half=half_of(cloud(rng, 600))), cloud(rng, n)).p_value for _ in range(300)])
    assert 0.01 <= np.mean(found < 0.05) <= 0.09
    assert np.mean(found < 0.01) <= 0.03


def test_a_pull_is_told(model: KeptModel) -> None:
    """Where the topics' counts tell nothing."""
    rng = np.random.default_rng(1)
    known = replace(model, half=half_of(cloud(rng, 600)))
    little, much = (shift(known, cloud(rng, 200, pull)) for pull in (0.3, 1.0))
    assert much.p_value < little.p_value < 0.001


def test_documents_between_the_topics_are_high() -> None:
    """Each has its nearest topic as before, and none is an outlier."""
    comments = Comments(40)
    known = first_model(comments, comments.rows(0, 1, 2, 3, 4))
    usual = comments.embeddings[comments.rows(0, 1, 2, 3, 4)]
    new = usual.mean(axis=0) + usual + 0.5 * comments.embeddings[comments.rows(5)].mean(axis=0)
    new /= np.linalg.norm(new, axis=1, keepdims=True)
    labels = np.repeat([topic.number for topic in known.topics], 40)
    assert drift(known, labels, usual).level == "LOW"
    found = drift(known, labels, new.astype(np.float32))
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


def test_one_comment_over_and_over_is_told(model: KeptModel) -> None:
    """It has no spread by which chance could explain anything; where the model's comments are, nothing has moved."""
    rng = np.random.default_rng(4)
    known = replace(model, half=half_of(cloud(rng, 100)))
    one = np.repeat(cloud(rng, 1), 60, axis=0)
    assert shift(known, one).p_value == 0
    same = replace(model, half=half_of(np.repeat(one, 2, axis=0)))
    assert shift(same, one).p_value == 1


def test_any_batch_gives_sound_numbers(model: KeptModel) -> None:
    """Equal comments, few, or as many as there are numbers."""
    rng = np.random.default_rng(3)
    known = replace(model, half=half_of(cloud(rng, 100)))
    for batch in (np.repeat(cloud(rng, 1), 60, axis=0), cloud(rng, 3), cloud(rng, 10), cloud(rng, 2000)):
        found = shift(known, batch)
        assert 0 <= found.p_value <= 1
        assert found.size >= 0
    turned = rng.permutation(1200)
    batch = cloud(rng, 1200)
    assert shift(known, batch).p_value == pytest.approx(shift(known, batch[turned]).p_value, rel=1e-9)

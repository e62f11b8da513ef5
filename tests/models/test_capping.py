"""A model stays small."""

from dataclasses import replace

import numpy as np
import pytest

from tests.effort import effort
from tests.models.made_up import DAY_ONE, Comments, first_model, updated
from worker.models.capping import followed, join_topics, with_few_parts
from worker.models.model import KeptModel, KeptTopic
from worker.models.model_file import to_files


@pytest.fixture(scope="module")
def topic() -> KeptTopic:
    """Give a topic of 90 documents."""
    comments = Comments(90)
    return first_model(comments, comments.rows(0, 1)).topics[0]


def size_of(model: KeptModel) -> int:
    """Give the bytes of a model's files and details."""
    files, details = to_files(model)
    return sum(map(len, files.values())) + len(repr(details))


def test_parts_are_joined_until_there_are_few(topic: KeptTopic) -> None:
    """At most 600 of all topics; sums and counts stay those of the documents."""
    topics = with_few_parts([topic] * 200)
    assert {len(one.part_counts) for one in topics} == {3}
    np.testing.assert_allclose(topics[0].part_sums.sum(axis=0), topic.part_sums.sum(axis=0), atol=1e-9)
    assert topics[0].part_counts.sum() == 90
    assert with_few_parts([topic])[0].part_counts.tolist() == topic.part_counts.tolist()


def test_the_nearest_topics_are_joined_first(topic: KeptTopic) -> None:
    """Two that point the same way become one, which keeps the number of the larger; a retired one is left alone."""
    d = len(topic.part_sums[0])
    axes = np.eye(3, d)

    def pointing(number: int, direction: np.ndarray, n: int) -> KeptTopic:
        one = replace(topic, number=number, n=n, part_sums=(direction * n)[None], part_counts=np.array([n]))
        return replace(one, terms={"word": n})

    near = axes[0] + 0.3 * axes[1]
    topics = [pointing(0, axes[0], 30), pointing(1, axes[1], 90), pointing(2, near, 40), pointing(3, axes[2], 80)]
    capped = join_topics(topics, 3, np.zeros(d))
    assert capped.redirects == {0: 2}
    joined = next(one for one in capped.topics if one.number == 2)
    assert (joined.n, joined.terms) == (70, {"word": 70})
    np.testing.assert_allclose(joined.part_sums.sum(axis=0), 30 * axes[0] + 40 * near)
    with_retired = [replace(topics[0], retired=True), *topics[1:]]
    assert join_topics(with_retired, 3, np.zeros(d)).redirects == {}


def test_a_topic_without_a_vector_is_joined_with_none(topic: KeptTopic) -> None:
    """Nothing tells what it is near to; there are too many topics then, and no error."""
    bare = replace(topic, number=5, part_sums=topic.part_sums[:0], part_counts=topic.part_counts[:0])
    assert len(join_topics([topic, bare], 1, np.zeros(768)).topics) == 2


def test_redirects_lead_to_what_is_there() -> None:
    """In one step, however often a topic was joined."""
    assert followed({1: 2, 5: 3}, {2: 3}) == {1: 3, 5: 3, 2: 3}


@pytest.mark.soak
@pytest.mark.slow
def test_many_updates_leave_a_model_small() -> None:
    """After the first of them it grows by its counts only: the size is that of the topics and not of the documents."""
    n = effort(30, soak=300)
    many = Comments(30 + 12 * n)
    model = first_model(many, many.rows(*range(6), last=30))
    sizes, seen = [], [model.seen]
    for day in range(n):
        rows = many.rows(*range(6), first=30 + 12 * day, last=42 + 12 * day)
        model = updated(model, many, rows, replace(DAY_ONE, at=f"2026-03-{1 + day % 28:02}T00:00:00.000Z")).model
        sizes.append(size_of(model))
        seen.append(model.seen)
    assert seen == list(range(180, 180 + 72 * n + 1, 72))
    assert len(model.topics) == 6
    assert sizes[-1] < 5_000_000
    assert sizes[-1] < 1.2 * sizes[n // 2]
    total = sum(topic.n for topic in model.topics)
    assert 0.9 * model.seen < total <= model.seen
    described = sum(topic.n_described for topic in model.topics)
    assert 0.8 * total < described <= total

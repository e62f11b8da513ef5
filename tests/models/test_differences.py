"""Who has two successive versions of a model can subtract them: the difference gives no comment away."""

from functools import cache

import numpy as np
import pytest
import safetensors.numpy

from tests.models.made_up import DAY_TWO, Comments, first_model, updated
from worker.models.model import KeptModel
from worker.models.model_file import ARRAYS, from_files, to_files
from worker.models.partition import pooled

FEWEST, FEWEST_WITH_TERM = 10, 2


@cache
def comments() -> Comments:
    """Give 6 themes of 160 comments."""
    return Comments(160)


@cache
def base() -> KeptModel:
    """Give a model of 60 comments of each of three themes, each in parts of 15."""
    return first_model(comments(), comments().rows(0, 1, 2, last=60))


def assert_gives_nobody_away(before: KeptModel, after: KeptModel) -> None:
    """Subtract two versions as a reader of their files would."""
    old, new = (safetensors.numpy.load(to_files(model)[0][ARRAYS]) for model in (before, after))
    others = [name for name in new if new[name].dtype.kind == "f" and name != "part_sums"]
    assert sorted(others) == ["center", "half_sum"]
    # Of half of the newcomers, drawn at random, or of nobody.
    n_more = after.half.n - before.half.n
    assert n_more == 0 or n_more >= FEWEST or len(after.topics) > len(before.topics)
    assert n_more != 0 or np.array_equal(old["half_sum"], new["half_sum"])
    assert after.half.n >= FEWEST
    np.testing.assert_array_equal(old["center"], new["center"])
    known = {topic.number: topic for topic in from_files(*to_files(before)).topics}
    for topic in from_files(*to_files(after)).topics:
        earlier = known.get(topic.number)
        n_before = np.zeros_like(topic.part_counts) if earlier is None else earlier.part_counts
        sums = np.zeros_like(topic.part_sums) if earlier is None else earlier.part_sums
        terms = {} if earlier is None else earlier.terms
        grown = topic.part_counts - n_before
        assert ((grown == 0) | (grown >= FEWEST)).all()
        np.testing.assert_array_equal(topic.part_sums[grown == 0], sums[grown == 0])
        gained = {term: count - terms.get(term, 0) for term, count in topic.terms.items()}
        assert all(count == 0 or count >= FEWEST_WITH_TERM for count in gained.values())
        assert grown.any() or not any(gained.values())


@pytest.mark.parametrize(
    "newcomers",
    [{0: 1}, {1: 9}, {0: 12}, {0: 10, 1: 11, 2: 1}, {0: 25, 3: 1}, {0: 100, 1: 40, 2: 3, 3: 30}],
)
def test_the_difference_of_two_versions_stands_for_ten_comments(newcomers: dict[int, int]) -> None:
    """In each part and of each topic, new ones included; a word that one newcomer alone says is not in it."""
    rows = np.concatenate([comments().rows(theme, first=60, last=60 + n) for theme, n in sorted(newcomers.items())])
    model = updated(base(), comments(), rows).model
    assert_gives_nobody_away(base(), model)
    assert_gives_nobody_away(model, updated(model, comments(), comments().rows(0, 1, 2, first=157)).model)
    assert model.seen == base().seen + len(rows)


def test_a_topic_of_few_newcomers_is_only_counted() -> None:
    """They are in it, and the model knows that it was seen."""
    result = updated(base(), comments(), comments().rows(1, first=60, last=65))
    now, before = result.model.topic(1), base().topic(1)
    assert result.labels.tolist() == [1] * 5
    assert (now.n, now.n_described) == (before.n + 5, 60)
    assert now.closeness.sum() == before.closeness.sum() + 5
    assert (now.last_seen, now.last_seen_at) == (DAY_TWO.at, base().seen + 5)
    assert result.model.baseline[1] == base().baseline[1] + 5
    assert (now.terms, now.keywords, now.raw_label) == (before.terms, before.keywords, before.raw_label)


def test_groups_that_are_too_small_join_the_next_nearest_part() -> None:
    """A part that would get nine gets none; nine in all are added nowhere."""
    closeness = np.tile([0.9, 0.1, 0.5], (31, 1))
    closeness[12:22] = [0.1, 0.2, 0.9]
    closeness[22:] = [0.5, 0.9, 0.6]
    assert pooled(closeness).tolist() == [0] * 12 + [2] * 19
    assert pooled(closeness[22:]).tolist() == [-1] * 9
    assert pooled(closeness[21:]).tolist() == [1] * 10


def test_the_center_tells_no_more_than_the_parts() -> None:
    """The mean of all, times their number, would give away the comment by which the windows of two rebuilds differ."""
    rows, alone = comments().rows(0, 1, 2, last=60), comments().rows(3, last=1)
    smaller = first_model(comments(), rows)
    larger = first_model(comments(), np.concatenate([rows, alone]), np.append(comments().themes[rows], -1))
    for model in (smaller, larger):
        sums = sum(topic.part_sums.sum(axis=0) for topic in model.topics)
        n = sum(int(topic.part_counts.sum()) for topic in model.topics)
        np.testing.assert_allclose(model.center, sums / n)
    assert larger.seen == smaller.seen + 1
    np.testing.assert_allclose(larger.center, smaller.center)

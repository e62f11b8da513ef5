"""A batch is taken into a kept model."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.made_up import DAY_ONE, DAY_TWO, Comments, engine_of_themes, first_model, updated
from worker.models.model import Documents, KeptModel
from worker.models.model_file import to_files
from worker.models.updating import update
from worker.topics.engine import Engine
from worker.topics.fit import TopicParams
from worker.topics.pipeline import fit_topics
from worker.topics.words.encoders import CorpusEncoder


@cache
def comments() -> Comments:
    """Give 6 themes of 60 comments."""
    return Comments(60)


@cache
def base() -> KeptModel:
    """Give a model of 30 comments of each of three themes."""
    return first_model(comments(), comments().rows(0, 1, 2, last=30))


def sums(model: KeptModel) -> dict[int, tuple[int, np.ndarray]]:
    """Give each topic's documents and their sum."""
    return {topic.number: (topic.n, topic.part_sums.sum(axis=0)) for topic in model.topics if topic.can_be_assigned}


@settings(max_examples=15, deadline=None)
@given(st.sets(st.integers(30, 59), min_size=1), st.sets(st.integers(30, 59), min_size=1))
def test_one_batch_after_the_other_adds_up(first: set[int], second: set[int]) -> None:
    """Two updates count each document once; sums and words are those of the documents that came ten at a time."""
    rows_a = np.array([row + 60 * theme for row in sorted(first) for theme in (0, 1, 2)])
    rows_b = np.array([row + 60 * theme for row in sorted(second - first) for theme in (0, 1)], dtype=np.int64)
    model, arrived, added = base(), {0: 0, 1: 0, 2: 0}, {theme: [comments().rows(theme, last=30)] for theme in range(3)}
    for rows in (rows_a, rows_b):
        if not len(rows):
            continue
        result = updated(model, comments(), rows)
        model = result.model
        for number in arrived:
            own = rows[result.labels == number]
            arrived[number] += len(own)
            if len(own) >= 10:
                added[number].append(own)
    before = sums(base())
    for number, (n, total) in sums(model).items():
        own = np.concatenate(added[number])
        assert n == before[number][0] + arrived[number]
        assert model.topic(number).part_counts.sum() == len(own)
        np.testing.assert_allclose(total, comments().embeddings[own].sum(axis=0, dtype=np.float64), atol=1e-9)
    assert model.seen == base().seen + len(rows_a) + len(rows_b)
    assert sum(model.baseline.values()) + model.baseline_outliers == model.seen
    for topic in model.topics:
        first_rows, *batches = added[topic.number]
        for term in sorted(base().topic(topic.number).terms)[:20]:
            if " " not in term:
                n_new = [sum(term in comments().texts[row].split() for row in own) for own in batches]
                n_old = sum(term in comments().texts[row].split() for row in first_rows)
                assert topic.terms[term] == n_old + sum(n for n in n_new if n >= 2)


def test_the_order_of_the_items_does_not_matter() -> None:
    """Shuffled items give the same bytes, and each its own label."""
    rows = comments().rows(0, 1, 3, first=30)
    shuffled = np.random.default_rng(0).permutation(len(rows))
    one, other = updated(base(), comments(), rows), updated(base(), comments(), rows[shuffled])
    assert to_files(one.model) == to_files(other.model)
    np.testing.assert_array_equal(one.labels[shuffled], other.labels)
    np.testing.assert_array_equal(one.probabilities[shuffled], other.probabilities)
    assert one.metrics == other.metrics


def test_the_model_that_is_updated_does_not_change() -> None:
    """The loser of a race updates the same model again."""
    before = to_files(base())
    updated(base(), comments(), comments().rows(0, 1, 2, 3, first=30))
    assert to_files(base()) == before


def test_a_theme_that_is_new_gets_a_number_never_used() -> None:
    """Above the highest ever used, with words of its own; what is known keeps number and label."""
    known = replace(base(), highest=11)
    result = updated(known, comments(), comments().rows(0, 1, 3, first=30))
    assert result.born == (12,)
    topic = result.model.topic(12)
    assert topic.n == 30
    assert set(topic.keywords[0].split()) <= {w for row in comments().rows(3) for w in comments().texts[row].split()}
    assert topic.raw_label.startswith("12_")
    assert topic.born == topic.last_seen == DAY_TWO.at
    assert result.model.highest == 12
    assert (result.labels[60:] == 12).all()
    assert [t.raw_label for t in result.model.topics[:3]] == [t.raw_label for t in base().topics]
    assert result.model.parent == DAY_TWO.parent
    assert result.drift.level == "HIGH"


def test_what_is_known_is_not_born_again() -> None:
    """The fit of the batch finds the same themes; none is new."""
    result = updated(base(), comments(), comments().rows(0, 1, 2, first=30))
    assert result.born == ()
    assert result.drift.level == "LOW"
    assert len(result.model.topics) == 3


@pytest.mark.parametrize(("n", "born"), [(9, ()), (10, (3,))])
def test_a_new_theme_of_few_is_none(n: int, born: tuple[int, ...]) -> None:
    """A vector of nine comments would give them away."""
    rows = np.concatenate([comments().rows(0, 1, first=30), comments().rows(3, last=n)])
    result = updated(base(), comments(), rows)
    assert result.born == born
    assert (result.labels[60:] == (3 if born else -1)).all()


def test_under_ten_documents_are_added_without_a_fit() -> None:
    """There is nothing to find in them."""

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("fitted")

    engine = Engine(fail, CorpusEncoder(), "cpu", "never fits")
    documents = comments().documents(comments().rows(1, first=30, last=35))
    result = update(base(), documents, TopicParams(), engine=engine, on_stage=lambda _: None, origin=DAY_TWO)
    assert result.labels.tolist() == [1] * 5
    assert result.model.topic(1).n == 35


def test_no_comment_is_given_away_by_an_update() -> None:
    """No new part of under 10 documents, no new word that a single comment holds."""
    rows = comments().rows(0, 1, 3, first=30)
    result = updated(base(), comments(), rows)
    assert all((topic.part_counts >= 10).all() for topic in result.model.topics)
    assert not any(term.startswith("number") for topic in result.model.topics for term in topic.terms)


def test_the_threshold_does_not_creep() -> None:
    """Twenty updates with documents that are like the first ones let in as many of them on the last days."""
    many = Comments(250, noise=0.04)
    model, inside = first_model(many, many.rows(0, 1, 2, last=50)), []
    for day in range(20):
        result = updated(model, many, many.rows(0, 1, 2, first=50 + 10 * day, last=60 + 10 * day))
        model = result.model
        inside.append(float(np.mean(result.labels >= 0)))
    assert np.mean(inside[10:]) > 0.95
    assert sum(int(topic.closeness.sum()) for topic in model.topics) == model.seen


def test_a_batch_of_some_topics_does_not_shut_out_the_next() -> None:
    """Closeness is measured from a center that stays: batches of two topics of three leave all thresholds right."""
    many = Comments(230)
    model = base()
    for first in (30, 130):
        result = updated(model, many, many.rows(0, 1, first=first, last=first + 100))
        model = result.model
        assert np.mean(result.labels >= 0) > 0.95


def test_all_documents_nearest_to_a_topic_are_recorded() -> None:
    """Those that are too far away to be in it count for its threshold too."""
    rows = comments().rows(4, last=9)
    result = updated(base(), comments(), rows)
    assert (result.labels == -1).all()
    recorded = sum(int(topic.closeness.sum()) for topic in result.model.topics)
    assert recorded == sum(int(topic.closeness.sum()) for topic in base().topics) + 9
    assert sum(topic.n for topic in result.model.topics) == 90


def test_too_many_topics_are_joined_and_redirected() -> None:
    """The two nearest become one; the number that is gone is never used again."""
    four = updated(base(), comments(), comments().rows(0, 1, 3, first=30)).model
    result = updated(four, comments(), comments().rows(0, last=10), params=TopicParams(n_topics=3))
    assert len(result.model.topics) == 3
    ((old, into),) = result.redirects.items()
    assert result.model.redirects == result.redirects
    assert old not in {topic.number for topic in result.model.topics}
    assert not (result.labels == old).any()
    assert sum(topic.n for topic in result.model.topics) == 190
    assert sum(result.model.baseline.values()) + result.model.baseline_outliers == 100
    later = updated(result.model, comments(), comments().rows(4, 5), params=TopicParams(n_topics=10))
    assert later.born == (4, 5)
    assert later.model.current(old) == into


def test_a_topic_that_is_born_and_joined_at_once_is_not_told() -> None:
    """Nobody has ever seen its number; it is never used again all the same."""
    rows = np.concatenate([comments().rows(0, 1, first=30), comments().rows(3, last=12)])
    result = updated(base(), comments(), rows, params=TopicParams(n_topics=1))
    (left,) = (topic.number for topic in result.model.topics)
    assert result.born == ()
    assert sorted(result.redirects) == sorted({0, 1, 2} - {left})
    assert set(result.labels.tolist()) <= {left, -1}
    assert result.model.highest == 3


def test_a_topic_that_is_not_seen_is_retired_and_comes_back() -> None:
    """After thirty days in which it should have come; it takes documents all the same and keeps its number."""
    model, many = base(), Comments(400)
    for month in range(3, 6):
        origin = replace(DAY_ONE, at=f"2026-{month:02}-20T00:00:00.000Z")
        rows = many.rows(0, 1, first=100 * (month - 2), last=100 * (month - 1))
        model = updated(model, many, rows, origin).model
    assert [topic.number for topic in model.in_reports] == [0, 1]
    assert model.topic(2).retired
    back = updated(model, many, many.rows(2, first=30, last=60), replace(DAY_ONE, at="2026-06-20T00:00:00.000Z"))
    assert back.born == ()
    assert not back.model.topic(2).retired
    assert back.model.topic(2).last_seen == "2026-06-20T00:00:00.000Z"


def test_a_batch_is_compared_with_the_model_as_it_was_given() -> None:
    """A fit takes pronouns out of the embeddings; the model was made with them, so the batch has to have them too."""
    rows, axis = comments().rows(0, 1, 2, 3, first=30), np.random.default_rng(0).normal(size=768)
    says_she = np.arange(len(rows)) % 2 == 1
    moved = comments().embeddings[rows] + np.where(says_she, 0.4, -0.4)[:, None] * axis / np.linalg.norm(axis)
    documents = Documents(
        [f"{'she' if she else 'he'} {comments().texts[row]}" for she, row in zip(says_she, rows, strict=True)],
        [comments().ids[row] for row in rows],
        (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32),
    )
    themes, removed = engine_of_themes(comments()), []

    def fit(texts: list[str], embeddings: np.ndarray, params: TopicParams, **options: Any) -> Any:
        preparation = options["preparation"]
        if params.neutralize:
            preparation.neutralize(preparation.words()[1], True)
            removed.append(np.abs(preparation.corpus.embeddings - preparation.given).max())
        return themes.fit([text.partition(" ")[2] for text in texts], embeddings, params, **options)

    with_pronouns, without = (
        update(
            base(),
            documents,
            TopicParams(neutralize=neutralized),
            engine=Engine(fit, None, "cpu", "knows the themes"),
            on_stage=lambda _: None,
            origin=DAY_TWO,
        )
        for neutralized in (False, True)
    )
    assert removed
    assert min(removed) > 0.1
    assert with_pronouns.born == without.born
    assert to_files(with_pronouns.model) == to_files(without.model)
    assert with_pronouns.metrics.silhouette_score == without.metrics.silhouette_score


def test_the_real_engine_updates() -> None:
    """A batch of known themes and a new one, fitted by the engine itself."""
    rows = comments().rows(0, 1, 3, first=30)
    documents: Documents = comments().documents(rows)
    engine = Engine(fit_topics, CorpusEncoder(), "cpu", "the real one")
    stages: list[str] = []
    result = update(
        base(),
        documents,
        TopicParams(),
        engine=engine,
        on_stage=lambda event: stages.append(event.stage),
        origin=DAY_TWO,
    )
    assert result.born == (3,)
    assert (result.labels[60:] == 3).all()
    assert len(result.model.topic(3).keywords) >= 4
    assert "cluster" in stages
    assert np.isfinite([result.metrics.npmi_coherence, result.metrics.embedding_coherence]).all()
    assert result.metrics.silhouette_score > 0.3

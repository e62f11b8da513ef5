"""A model is made anew of a window, and its numbers carried over."""

from dataclasses import replace

import numpy as np
import pytest

from tests.models.made_up import DAY_TWO, Comments, engine_of_themes, first_model
from worker.models.model import KeptModel
from worker.models.rebuilding import rebuild
from worker.models.updating import Updated
from worker.topics.engine import Engine
from worker.topics.fit import IntArray, NoTopics, TopicParams
from worker.topics.words.encoders import CorpusEncoder


@pytest.fixture(scope="module")
def comments() -> Comments:
    """Give 6 themes of 40 comments."""
    return Comments(40)


def rebuilt(model: KeptModel, comments: Comments, rows: IntArray) -> Updated:
    """Rebuild a model on a window."""
    result = rebuild(
        model,
        comments.documents(rows),
        TopicParams(),
        engine=engine_of_themes(comments),
        on_stage=lambda _: None,
        origin=DAY_TWO,
    )
    assert isinstance(result, Updated)
    return result


def test_numbers_labels_and_names_are_carried_over(comments: Comments) -> None:
    """The fit numbers the topics anew; the result has the old numbers, and new ones above all ever used."""
    model = first_model(comments, comments.rows(0, 1, 2, last=30))
    topics = tuple(replace(t, number=t.number + 5, label=f"name {t.number}") for t in model.topics)
    model = replace(model, topics=topics, highest=20, redirects={1: 5}, baseline={5: 30, 6: 30, 7: 30})
    rows = comments.rows(1, 2, 3, first=10)
    result = rebuilt(model, comments, rows)
    assert result.born == (21,)
    assert dict.fromkeys(result.labels.tolist()).keys() == {6, 7, 21}
    np.testing.assert_array_equal(result.labels, np.repeat([6, 7, 21], 30))
    kept = result.model.topic(6)
    assert (kept.born, kept.label, kept.raw_label) == (topics[1].born, "name 1", topics[1].raw_label)
    assert result.model.topic(21).born == DAY_TWO.at
    assert result.model.highest == 21
    assert result.model.redirects == {1: 5}
    assert (result.model.seen, result.model.fitted, kept.n) == (90, 90, 30)


def test_a_topic_that_is_gone_is_known_by_its_name(comments: Comments) -> None:
    """It is retired, has no vector, and its number stays used."""
    model = first_model(comments, comments.rows(0, 1, 2))
    result = rebuilt(model, comments, comments.rows(1, 2))
    gone = result.model.topic(0)
    assert gone.retired
    assert not gone.can_be_assigned
    assert gone.raw_label == model.topic(0).raw_label
    assert result.redirects == {}


def test_a_topic_that_went_into_another_is_redirected(comments: Comments) -> None:
    """Two old topics are one theme now; the smaller one leads to the other, earlier redirects follow."""
    rows = comments.rows(0, 1)
    split = np.where(np.arange(80) < 25, 0, np.where(np.arange(80) < 40, 1, 2))
    model = replace(first_model(comments, rows, split), redirects={9: 1}, highest=9)
    result = rebuilt(model, comments, rows)
    assert result.redirects == {1: 0}
    assert result.model.redirects == {9: 0, 1: 0}
    assert [topic.number for topic in result.model.topics] == [0, 2]


def test_a_window_without_topics_is_told(comments: Comments) -> None:
    """The old model stays."""
    engine = Engine(lambda *_, **__: NoTopics.NO_CLUSTERS, CorpusEncoder(), "cpu", "finds nothing")
    model = first_model(comments, comments.rows(0, 1))
    result = rebuild(
        model,
        comments.documents(comments.rows(0)),
        TopicParams(),
        engine=engine,
        on_stage=lambda _: None,
        origin=DAY_TWO,
    )
    assert result == NoTopics.NO_CLUSTERS


def test_a_rebuild_is_advised_when_the_first_fit_is_small(comments: Comments) -> None:
    """At four times as many documents as were fitted."""
    model = first_model(comments, comments.rows(0, 1))
    assert not replace(model, seen=319).rebuild_advised
    assert replace(model, seen=320).rebuild_advised

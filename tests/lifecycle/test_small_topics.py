"""A fit that a model is made of finds no topic that is too small for a vector."""

from pathlib import Path
from typing import Any

import pytest

from tests.lifecycle.batches import ENGINE, TENANT, envelope_of, run
from worker.lifecycle import models
from worker.store.store import ModelStore
from worker.topics.engine import Engine
from worker.topics.fit import NoTopics, TopicParams
from worker.topics.pipeline import fit_topics
from worker.topics.words.encoders import CorpusEncoder

UPDATE, REBUILD = "topic-model.update", "topic-model.rebuild"
REAL = Engine(fit_topics, CorpusEncoder(), "cpu", "the real one")


def of_each_theme(envelope: dict[str, Any], n: int) -> dict[str, Any]:
    """Leave n comments of each theme of a day."""
    return {**envelope, "items": [item for i, item in enumerate(envelope["items"]) if i % 12 < n]}


@pytest.mark.parametrize("kind", ["topic-model", UPDATE])
def test_themes_of_eight_comments_make_no_model(tmp_path: Path, kind: str) -> None:
    """It fails by the contract: a model of them would take no comment, and the next update bear them again."""
    outcome = run(of_each_theme(envelope_of(0, kind), 8), tmp_path, "job", engine=REAL)
    assert isinstance(outcome, NoTopics)
    assert outcome.shortfall is not None
    assert (outcome.shortfall.wanted, outcome.shortfall.n_documents) == (10, 32)
    assert ModelStore(str(tmp_path)).active(TENANT) is None


def test_themes_of_twelve_comments_are_known_the_next_day(tmp_path: Path) -> None:
    """Each topic of the first model has a vector, and none is born again."""
    models._models.clear()
    first = run(envelope_of(0), tmp_path, "first", engine=REAL)
    assert len(first["topics"]) == 4
    second = run(envelope_of(1, UPDATE), tmp_path, "second", engine=REAL)
    assert second["born"] == []
    assert second["outlierCount"] < 5


@pytest.mark.parametrize("kind", ["topic-model", UPDATE, REBUILD])
@pytest.mark.parametrize(("sent", "used"), [({}, 10), ({"min_topic_size": 5}, 5), ({"min_topic_size": 12}, 12)])
def test_what_the_request_says_is_used(tmp_path: Path, kind: str, sent: dict[str, int], used: int) -> None:
    """Only the default is raised."""
    models._models.clear()
    if kind == REBUILD:
        run(envelope_of(1), tmp_path, "first")
    asked: list[int | None] = []

    def fit(texts: Any, embeddings: Any, params: TopicParams, **options: Any) -> Any:
        asked.append(params.min_cluster_size)
        return ENGINE.fit(texts, embeddings, params, **options)

    run(envelope_of(0, kind, params=sent), tmp_path, "job", engine=Engine(fit, None, "cpu", "asks"))
    assert asked == [used]

"""A fit that continues an earlier result and keeps its model, for a tenant that has a model already."""

from pathlib import Path

import pytest

from tests.lifecycle.batches import N_PER_DAY, PER_THEME, TENANT, envelope_of, run
from worker.lifecycle import models
from worker.store.store import ModelStore
from worker.topics.engine import Engine
from worker.topics.pipeline import fit_topics
from worker.topics.words.encoders import CorpusEncoder

REAL = Engine(fit_topics, CorpusEncoder(), "cpu", "the real one")


@pytest.mark.parametrize("rolled_back", [False, True])
def test_new_topics_get_numbers_that_neither_has_used(tmp_path: Path, rolled_back: bool) -> None:
    """Comments are filed under the numbers of the tenant's model, which `previous` does not know."""
    models._models.clear()
    begun = envelope_of(0)
    half = begun["items"][: N_PER_DAY // 2]
    previous = run({**begun, "items": half}, tmp_path, "first")
    assert sorted(topic["topicIndex"] for topic in previous["topics"]) == [0, 1]
    assert run(envelope_of(1, "topic-model.update"), tmp_path, "second")["born"] == [2, 3]
    if rolled_back:
        ModelStore(str(tmp_path)).activate_by_hand(TENANT, previous["model"]["version"])
    others = envelope_of(2)["items"][2 * PER_THEME :]
    continued = run({**begun, "items": [*half, *others], "previous": previous}, tmp_path, "third", engine=REAL)
    assert continued["continuity"]["kept"] == [0, 1]
    assert continued["continuity"]["born"] == [4, 5]
    store = ModelStore(str(tmp_path))
    active = store.active(TENANT)
    assert active is not None
    assert store.config(TENANT, active.version).details["highest"] == 5

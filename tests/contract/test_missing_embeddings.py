"""`embed_missing`: an item may come without its embedding."""

from typing import Any

import numpy as np
import pytest

from tests.contract.envelopes import make_envelope
from tests.contract.test_schema import validator
from worker.contract.envelope import Batch, Rejection, Skip
from worker.jobs.registry import KINDS

MODEL = {"tenant": "campus-3"}
DEFINITIONS = {
    "topic-model": "TopicModelRequest",
    "topic-model.update": "TopicModelUpdateRequest",
    "topic-model.predict": "TopicModelPredictRequest",
    "topic-model.rebuild": "TopicModelRebuildRequest",
}


def lacking(kind: str = "topic-model", n: int = 20, *, embed_missing: object = True) -> dict[str, Any]:
    """Make an envelope: item 1 has no embedding, that of item 2 is null, that of item 3 is the zero vector."""
    envelope = make_envelope(n, type=kind, model=MODEL, params={"embed_missing": embed_missing})
    del envelope["items"][1]["embedding"]
    envelope["items"][2]["embedding"] = None
    envelope["items"][3]["embedding"] = [0] * 768
    return envelope


def read(envelope: dict[str, Any]) -> Batch | Rejection | Skip:
    """Read an envelope as its kind does."""
    found: Batch | Rejection | Skip = KINDS[envelope["type"]].read(envelope)
    return found


@pytest.mark.parametrize("kind", sorted(DEFINITIONS))
def test_every_kind_takes_items_without_an_embedding(kind: str) -> None:
    """They are counted among the kept ones, and their places are told."""
    envelope = lacking(kind)
    batch, whole = read(envelope), read(make_envelope(20, type=kind, model=MODEL))
    assert isinstance(batch, Batch)
    assert isinstance(whole, Batch)
    assert batch.kept.tolist() == [0, 1, 2, *range(4, 20)]
    assert batch.missing.tolist() == [1, 2]
    assert len(batch.texts) == 19
    assert np.array_equal(batch.embeddings, np.delete(whole.embeddings, [1, 2, 3], axis=0))
    assert not len(whole.missing)
    assert validator(DEFINITIONS[kind]).is_valid(envelope)


@pytest.mark.parametrize("kind", sorted(DEFINITIONS))
@pytest.mark.parametrize("embed_missing", [False, None])
def test_unless_it_was_asked_for(kind: str, embed_missing: object) -> None:
    """Then the two items are named."""
    envelope = lacking(kind, embed_missing=embed_missing)
    rejection = read(envelope)
    assert isinstance(rejection, Rejection)
    expected = "items[1].embedding: is required; items[2].embedding: must be an array of numbers, or base64"
    assert rejection.error == f"Invalid envelope: {expected}"
    assert not validator(DEFINITIONS[kind]).is_valid(envelope)


def test_a_batch_without_any_embedding() -> None:
    """All are to be made; too few items are too few, and another flaw hides none."""
    envelope = lacking()
    for item in envelope["items"]:
        item.pop("embedding", None)
    batch = read(envelope)
    assert isinstance(batch, Batch)
    assert batch.embeddings.shape == (0, 768)
    assert batch.missing.tolist() == [*range(20)]
    few = read({**envelope, "items": envelope["items"][:8]})
    assert isinstance(few, Rejection)
    assert few.error == "Received 8 items, need at least 15 (min_topic_size) for topic modeling"
    flawed = read({**envelope, "params": {"embed_missing": True, "nr_topics": 0}})
    assert isinstance(flawed, Rejection)
    assert flawed.error == "Invalid envelope: params.nr_topics: must be an integer of at least 1"


def test_an_embedding_that_is_there_must_be_sound() -> None:
    """Its length, its numbers."""
    for embedding, told in (
        ([0.5] * 767, 'Expected 768-dim embeddings, got 767 (items[0], submissionId "sub-0")'),
        ([], 'Expected 768-dim embeddings, got 0 (items[0], submissionId "sub-0")'),
        ("", 'Expected 768-dim embeddings, got 0 (items[0], submissionId "sub-0")'),
        (False, "Invalid envelope: items[0].embedding: must be an array of numbers, or base64"),
    ):
        envelope = lacking()
        envelope["items"][0]["embedding"] = embedding
        rejection = read(envelope)
        assert isinstance(rejection, Rejection)
        assert rejection.error == told

"""A full-size envelope: time and memory."""

import time
import tracemalloc
from typing import Any

import pytest

from tests.contract.envelopes import make_item
from worker.contract.envelope import Batch, read_envelope

N_ITEMS = 10_000
MAX_CPU_S = 2.0


def full_size_envelope() -> dict[str, Any]:
    """10,000 items; their rows are shared, which costs the reader as much as if they were not."""
    rows = [make_item(position)["embedding"] for position in range(20)]
    items = [
        {"submissionId": f"sub-{position}", "text": "klaro kaayo", "embedding": rows[position % 20]}
        for position in range(N_ITEMS)
    ]
    return {"items": items}


@pytest.mark.slow
def test_ten_thousand_items_are_read_in_two_seconds() -> None:
    """A batch of 10,000 items takes under 2 s of CPU (0.3 s on the machine on which this was written)."""
    envelope = full_size_envelope()
    began_s = time.process_time()
    outcome = read_envelope(envelope)
    assert time.process_time() - began_s < MAX_CPU_S
    assert isinstance(outcome, Batch)
    assert outcome.embeddings.shape == (N_ITEMS, 768)


@pytest.mark.slow
def test_embeddings_are_never_copied_as_a_whole() -> None:
    """At its peak the reader holds one float32 array, and little beside it."""
    envelope = full_size_envelope()
    tracemalloc.start()
    try:
        outcome = read_envelope(envelope)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(outcome, Batch)
    assert peak_bytes < 1.2 * outcome.embeddings.nbytes


@pytest.mark.slow
def test_many_broken_items_cost_little() -> None:
    """A hundred thousand items that are no objects reserve no rows, and are counted."""
    tracemalloc.start()
    try:
        outcome = read_envelope({"items": [None] * 100_000})
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert not isinstance(outcome, Batch)
    assert outcome.error.endswith("… and 99995 more")
    assert peak_bytes < 20_000_000

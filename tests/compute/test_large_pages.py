"""The compute process asks for large pages of memory."""

import os
from pathlib import Path

import pytest

from tests.compute.batches import batch, config
from worker.compute.compute import Compute
from worker.compute.large_pages import large_pages


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"PATH": "/bin"}, "glibc.malloc.hugetlb=1"),
        ({"GLIBC_TUNABLES": "glibc.malloc.arena_max=2"}, "glibc.malloc.arena_max=2:glibc.malloc.hugetlb=1"),
        ({"GLIBC_TUNABLES": "glibc.malloc.hugetlb=0"}, "glibc.malloc.hugetlb=0"),
    ],
)
def test_what_the_operator_has_set_stays(given: dict[str, str], expected: str) -> None:
    """What asks for large pages is added to it, unless it speaks of them itself."""
    assert large_pages(given) == {"GLIBC_TUNABLES": expected}


async def test_it_starts_with_what_asks_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the worker's own environment is as it was."""
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    compute = Compute(config())
    try:
        await compute.run(batch(), timeout_s=60, on_stage=lambda _: None)
        environment = Path(f"/proc/{compute.pid}/environ").read_bytes().split(b"\0")
    finally:
        await compute.close()
    assert b"GLIBC_TUNABLES=glibc.malloc.hugetlb=1" in environment
    assert "GLIBC_TUNABLES" not in os.environ

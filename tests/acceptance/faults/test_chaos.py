"""Chaos in its short form; `make chaos` is the long one."""

from tests.acceptance.faults.chaos import run


def test_a_short_chaos_loses_nothing_and_doubles_nothing() -> None:
    """Two workers, 16 jobs, faults from a fixed seed: every job ends once, with its own result."""
    assert run(16, seed=7, every_s=1.0, longest_refusal_s=3.0) == 0

"""Chaos in its short form; `make chaos` is the long one."""

from tests.acceptance.faults.chaos import run


def test_a_short_chaos_loses_nothing_and_doubles_nothing() -> None:
    """Two workers, 12 batches, 12 updates and predictions of three tenants, faults from a fixed seed.

    Every job ends once, with its own result, and every comment is counted once.
    """
    assert run(12, seed=7, every_s=1.0, n_model_jobs=12, longest_refusal_s=3.0) == 0

"""The compute process does not grow."""

from pathlib import Path

import pytest

from tests.compute.batches import batch, config
from tests.effort import effort
from tests.topics.themes import themed_corpus
from worker.compute.compute import Compute
from worker.settings import DEFAULT_ENGINE
from worker.topics.fit import TopicFit, TopicParams
from worker.topics.task import FitBatch

N_WARM = 5
N_JOBS = effort(25, soak=200)
# Measured from the 5th to the 36th job: 0.1 %, and over 60 jobs 0.2 %. A tenth in 180 jobs is a leak.
MAX_GROWTH_PER_JOB = 0.1 / 180


def memory_kb(pid: int | None, name: str) -> int:
    """Read a process's memory, kB: VmRSS is what it uses now, VmHWM the peak."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1])


@pytest.mark.slow
@pytest.mark.soak
async def test_jobs_do_not_make_it_grow() -> None:
    """From when it is warm, with the real engine and batches that differ."""
    compute = Compute(config(DEFAULT_ENGINE))
    try:
        for number in range(N_JOBS):
            texts, embeddings, _ = themed_corpus(8, 4, seed=number)
            task = FitBatch(tuple(texts), embeddings, (TopicParams(),))
            (outcome,) = await compute.run(task, timeout_s=120, on_stage=lambda _: None)
            assert isinstance(outcome, TopicFit)
            if number == N_WARM:
                warm_kb = memory_kb(compute.pid, "VmRSS")
        assert memory_kb(compute.pid, "VmRSS") < (1 + MAX_GROWTH_PER_JOB * (N_JOBS - N_WARM)) * warm_kb
        assert sum(compute.restarts.values()) == 0
    finally:
        await compute.close()


@pytest.mark.slow
async def test_a_batch_is_in_memory_once_and_not_while_idle() -> None:
    """The embeddings are read to where they stay, and dropped before the next batch comes."""
    compute = Compute(config())
    try:
        await compute.run(batch(), timeout_s=120, on_stage=lambda _: None)
        warm_kb = memory_kb(compute.pid, "VmRSS")
        task = batch(n=15_000)
        batch_kb = task.embeddings.nbytes // 1024
        for _ in range(2):
            Path(f"/proc/{compute.pid}/clear_refs").write_text("5", encoding="ascii")  # the peak counts from here
            await compute.run(task, timeout_s=120, on_stage=lambda _: None)
            assert memory_kb(compute.pid, "VmHWM") - warm_kb < 1.5 * batch_kb
            await compute.check()  # it answers once the last batch is dropped
            assert memory_kb(compute.pid, "VmRSS") - warm_kb < 0.3 * batch_kb
    finally:
        await compute.close()


async def test_nobodys_words_stay_in_an_idle_process() -> None:
    """Nothing that can still be reached holds a text of the last batch, not even in a cycle."""
    compute = Compute(config())
    try:
        await compute.run(batch("keeps_in_a_cycle"), timeout_s=120, on_stage=lambda _: None)
        (outcome,) = await compute.run(batch("counts_what_was_kept"), timeout_s=120, on_stage=lambda _: None)
        assert outcome.topics[0].keywords == ("kept 0",)
    finally:
        await compute.close()

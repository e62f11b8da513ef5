"""The compute process does not grow."""

from pathlib import Path

import numpy as np
import pytest

from tests.compute.test_compute import config
from tests.effort import effort
from tests.topics.themes import themed_corpus
from worker.compute.compute import Compute
from worker.contract.envelope import Batch, Correlation
from worker.settings import DEFAULT_ENGINE
from worker.topics.fit import TopicFit, TopicParams

N_WARM = 20
N_JOBS = effort(50, soak=200)
# Measured over 60 jobs of a warm process: 0.2 %. A tenth in 180 jobs is a leak.
MAX_GROWTH_PER_JOB = 0.1 / 180


def resident_kb(pid: int | None) -> int:
    """Read a process's resident memory, kB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1])


@pytest.mark.slow
@pytest.mark.soak
async def test_jobs_do_not_make_it_grow() -> None:
    """From when it is warm, with the real engine and batches that differ."""
    compute = Compute(config(DEFAULT_ENGINE))
    try:
        for number in range(N_JOBS):
            texts, embeddings, _ = themed_corpus(8, 4, seed=number)
            n = len(texts)
            ids = tuple(map(str, range(n)))
            batch = Batch(ids, tuple(texts), embeddings, np.arange(n), TopicParams(), Correlation())
            outcome = await compute.run(batch, timeout_s=120, on_stage=lambda _: None)
            assert isinstance(outcome, TopicFit)
            if number == N_WARM:
                warm_kb = resident_kb(compute.pid)
        assert resident_kb(compute.pid) < (1 + MAX_GROWTH_PER_JOB * (N_JOBS - N_WARM)) * warm_kb
        assert sum(compute.restarts.values()) == 0
    finally:
        await compute.close()

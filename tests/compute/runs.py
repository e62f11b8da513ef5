"""Run a batch in a compute process, and tell which process answered."""

from tests.compute.batches import batch
from worker.compute.compute import Compute
from worker.topics.fit import TopicFit


async def run(compute: Compute, first_text: str = "succeeds", timeout_s: float = 60) -> TopicFit:
    """Run one batch that ought to succeed."""
    (outcome,) = await compute.run(batch(first_text), timeout_s=timeout_s, on_stage=lambda event: None)
    assert isinstance(outcome, TopicFit)
    return outcome


def pid_of(fit: TopicFit) -> int:
    """Read which process answered."""
    return int(fit.topics[0].keywords[0].removeprefix("pid "))

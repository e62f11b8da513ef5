"""Weekly reruns through a real queue, each naming the job before."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.acceptance.processes import Producer, WorkerProcess
from tests.conftest import PREFIX, QUEUE
from tests.redis_server import RedisServer

N_WEEKS = 10
MOST_TOPICS = 6
GROWTH = 1.1
N_THEMES_AT_FIRST = 4


@pytest.fixture(scope="module")
def producer(redis_server: RedisServer) -> Iterator[Producer]:
    """Give a producer."""
    process = Producer("bullmq-6", redis_server.port, QUEUE, PREFIX)
    yield process
    process.close()


def run(producer: Producer, envelope: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Enqueue a batch and wait for its end; give the id and the job."""
    job_id = producer.add(envelope)
    return job_id, producer.ask("wait", id=job_id)


def week_of(week: int, items: list[dict[str, Any]], previous: str | None) -> dict[str, Any]:
    """Make the envelope of a week: a tenth more comments than in the week before."""
    envelope = themed_envelope(1, 1, nr_topics=MOST_TOPICS) | {"items": items[: int(150 * GROWTH**week)]}
    envelope["metadata"]["pipelineId"] = f"weekly-{week}"
    return envelope | ({"previous": previous} if previous else {})


def growing() -> list[dict[str, Any]]:
    """Make comments of four themes, then of two more that come up in the third and in the sixth week."""
    by_theme = themed_envelope(80, 6)["items"]
    themes = [by_theme[80 * theme : 80 * (theme + 1)] for theme in range(6)]
    old = [item for row in zip(*themes[:N_THEMES_AT_FIRST], strict=True) for item in row]
    # Of the news of a week most are of the theme that comes up.
    return old[:181] + themes[4][:30] + old[181:241] + themes[5][:35] + old[241:]


@pytest.mark.slow
def test_ten_weekly_reruns(real_worker: WorkerProcess, producer: Producer) -> None:
    """No topic goes without being said, no number comes back, never more topics than wanted; comments stay."""
    items, previous, before_id = growing(), None, None
    result: dict[str, Any] = {}
    used: set[int] = set()
    n_moved = n_shared = 0
    for week in range(N_WEEKS):
        envelope = week_of(week, items, previous)
        previous, job = run(producer, envelope)
        before, result = result, job["returnvalue"]
        assert (result["status"], job["zod"]) == ("completed", "ok"), result
        numbers = {topic["topicIndex"] for topic in result["topics"]}
        assert len(numbers) == len(result["topics"]) <= MOST_TOPICS
        if before:
            continuity = result["continuity"]
            earlier = {topic["topicIndex"]: topic for topic in before["topics"]}
            assert continuity["previous"] == before_id
            assert set(continuity["kept"]) == numbers & set(earlier)
            assert earlier.keys() - numbers <= set(continuity["faded"])
            assert set(continuity["born"]) == numbers - set(earlier)
            assert all(number > max(used) for number in continuity["born"])
            n_moved, n_shared = n_moved + continuity["moved"], n_shared + continuity["shared"]
            for topic in result["topics"]:
                born = earlier.get(topic["topicIndex"], {}).get("since", before["completedAt"])
                is_new = topic["topicIndex"] in continuity["born"]
                assert topic["since"] == (result["completedAt"] if is_new else born)
        used |= numbers
        before_id = previous
    assert len(used) == 6, "both themes that came up became topics"
    assert n_moved <= 0.01 * n_shared


@pytest.mark.slow
def test_a_previous_that_is_gone_is_a_first_fit(real_worker: WorkerProcess, producer: Producer) -> None:
    """With a warning in the log and in the job's log."""
    job_id, job = run(producer, themed_envelope() | {"previous": "nobody--topic-model"})
    assert job["returnvalue"]["continuity"]["previous"] is None
    assert job["returnvalue"]["continuity"]["born"] == [t["topicIndex"] for t in job["returnvalue"]["topics"]]
    warning = real_worker.wait_for("batch_warning", job_id=job_id)["warning"]
    assert "nobody--topic-model" in warning
    assert warning in job["logs"][0]


@pytest.mark.slow
def test_a_name_that_is_no_job_is_a_first_fit(real_worker: WorkerProcess, producer: Producer) -> None:
    """Another key of the queue, and a job that was rejected."""
    rejected_id, rejected = run(producer, themed_envelope(1, 4))
    assert rejected["returnvalue"]["status"] == "failed"
    for name in ("events", rejected_id):
        _, job = run(producer, themed_envelope() | {"previous": name})
        assert job["returnvalue"]["continuity"]["previous"] is None

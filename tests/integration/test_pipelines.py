"""Pipelines whose batches are enqueued again, by the oldest and the newest BullMQ; their jobs are bounded, too."""

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.acceptance.faults.conftest import batch, record, start_worker
from tests.acceptance.faults.engine import Record
from tests.acceptance.processes import WorkerProcess
from tests.integration.conftest import CLIENT
from tests.redis_server import RedisServer

__all__ = ["record", "start_worker"]

Ask = Callable[[str], dict[str, Any]]
NAME = "batch"


@pytest.fixture(params=["bullmq-5", "bullmq-6"])
def client(request: pytest.FixtureRequest) -> Path:
    """Give the client as it was built, which finds BullMQ 5.71, and as an API with BullMQ 6 has it."""
    if request.param == "bullmq-5":
        return Path(request.getfixturevalue("built")) / "src"
    return Path(request.getfixturevalue("api")) / "node_modules" / CLIENT / "dist" / "src"


@pytest.fixture
def ask(client: Path, own_redis: RedisServer, tmp_path: Path) -> Ask:
    """Give a way to let an API do something, and to hear what came of it."""
    file = tmp_path / "batch.json"
    file.write_text(json.dumps({"items": batch(f"succeed {NAME}")["items"]}), encoding="utf-8")
    script = Path(__file__).with_name("pipelines.cjs")

    def do(command: str) -> dict[str, Any]:
        arguments = ["node", str(script), str(client), str(own_redis.port), command, str(file)]
        api = subprocess.run(arguments, check=False, capture_output=True, text=True, timeout=120)
        assert api.returncode == 0, api.stderr
        told: dict[str, Any] = json.loads(api.stdout)
        return told

    return do


def test_what_is_over_is_run_anew_where_it_has_to_be(
    ask: Ask, start_worker: Callable[..., WorkerProcess], record: Record
) -> None:
    """Failed jobs always, completed ones if they were another parent's; no parent waits for ever."""
    failed = ask("fail")
    assert failed["failures"][0] == failed["failures"][2] == "no memory"
    assert "failed" in failed["failures"][1]
    start_worker()
    assert ask("again") == {"results": ["completed"] * 3}
    assert len(record.began(NAME)) == 3
    assert ask("completed") == {"results": ["completed"] * 3}
    assert len(record.began(NAME)) == 4, "alone and its parent take the stored result; flow's child had a parent"


def test_a_child_that_is_under_way_has_one_parent(ask: Ask) -> None:
    """A second one is refused and not left waiting; a job without a parent gets one."""
    assert ask("twice") == {
        "second": "FlowConflict: job flow--topic-model is another parent's child, and waiting",
        "id": "flow--topic-model",
        "states": ["waiting-children", "waiting-children"],
        "parents": 2,
    }


def test_embeddings_go_packed(ask: Ask) -> None:
    """As little-endian float32; what float32 cannot hold goes as it came, so that the worker can name it."""
    told = ask("packed")
    assert len(told["numbers"]) == 768
    packed = base64.b64encode(np.array(told["numbers"], dtype="<f4").tobytes()).decode()
    assert told["held"] == [packed, packed, packed, "AACAPw==", [1e300, 0.5], [None, 0.5]]


def test_jobs_are_cancelled(ask: Ask, start_worker: Callable[..., WorkerProcess], record: Record) -> None:
    """One that waits is removed, one that runs is stopped, and one that has ended stays."""
    start_worker()
    told = ask("cancel")
    assert told == {
        "answers": ["removed", "requested", "ended", "unknown"],
        "error": "Cancelled: job running--topic-model was cancelled",
        "listening": True,
    }
    assert record.began("waiting") == []


def test_progress_is_told(ask: Ask, start_worker: Callable[..., WorkerProcess]) -> None:
    """Of a job that runs or has ended; a job that waits, or that is not there, has none."""
    start_worker()
    told = ask("progress")
    assert told["none"] == [True, True]
    assert (told["running"]["stage"], told["running"]["percent"]) == ("reduce", 15)
    assert (told["ended"]["stage"], told["ended"]["percent"], told["ended"]["leftS"]) == ("deliver", 100, 0)
    assert told["running"]["at"] < told["ended"]["at"]


def test_no_job_is_used_for_another_batch(ask: Ask) -> None:
    """Other items, parameters or another run replace a job that waits; a child of a flow is not replaced."""
    told = ask("waits")
    assert told["told"] == [[False, 20], [True, 20], [False, 2], [False, 2], [False, 2], [True, 2]]
    assert told["child"].startswith("FlowConflict: job child--topic-model holds another batch")
    assert told["foreign"] is False
    assert told["listening"] is False
    # Whoever is first adds the job; the other one replaces it, or is told if it looked before that.
    assert told["raced"] in ([False, False], [False, "JobConflict"], ["JobConflict", False])


def test_what_became_of_a_job_is_told_by_the_type_of_the_error(ask: Ask) -> None:
    """A failure by the contract is run anew, a running job is not replaced; jobs are found by the pipeline's id."""
    told = ask("ends")
    assert told["rejected"] == ["1", False, "1", 2, False, "2", 3]
    assert told["errors"] == [
        "InfrastructureFailure: no memory",
        "JobRemoved: there is no job none--topic-model",
        "WaitTimeout: the wait timed out: job three--topic-model has not ended within 1 ms",
        "JobConflict: job three--topic-model holds another batch and runs: wait for it, cancel it, or take another id",
        True,
        "1",
    ]
    assert told["found"] == [{"jobId": "three--topic-model", "state": "completed"}, None]


def test_an_event_of_an_earlier_job_is_no_result(ask: Ask) -> None:
    """It can come after the job of the same id was replaced."""
    assert ask("late") == {"error": "2"}


def test_a_redis_that_is_away_is_told_of(client: Path, own_redis: RedisServer) -> None:
    """The API's request does not wait for ever, and what nobody waits for any more is not done when Redis is back."""
    script = """
      const { TopicModelService } = require(process.argv[1]);
      const connection = { host: '127.0.0.1', port: Number(process.argv[2]) };
      const service = new TopicModelService({ connection, enqueueTimeoutMs: 200 });
      const batch = { items: [{ submissionId: 'a', text: 'late', embedding: 'AACAPw==' }] };
      service.enqueue(batch, { pipelineId: 'away' }).catch(async ({ name, message }) => {
        console.log(`${name}: ${message}`);
        // An add that was not stopped would be sent between these.
        for (let i = 0; i < 9; i += 1) await service.find('away');
        console.log((await service.find('away')) ?? 'not there');
        process.exit(0);
      });
    """
    own_redis.stop()
    command = ["node", "-e", script, str(client), str(own_redis.port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as api:
        assert api.stdout is not None
        told = "RedisTimeout: job away--topic-model may not be enqueued: Redis has not answered within 200 ms\n"
        assert api.stdout.readline() == told
        own_redis.start()
        assert api.stdout.readline() == "not there\n"


def test_no_more_jobs_are_kept_than_was_said(ask: Ask, start_worker: Callable[..., WorkerProcess]) -> None:
    """By the count, within their age."""
    start_worker()
    assert ask("three") == {"kept": 2}

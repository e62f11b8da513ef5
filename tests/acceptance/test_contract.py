"""Real producers of both BullMQ versions, a real Redis, a real worker."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.acceptance.envelopes import rounded, themed_envelope
from tests.acceptance.invariants import check_completed, check_failed
from tests.acceptance.processes import NODE_PROJECT, Producer, WorkerProcess
from tests.benchmarks.corpora import load_corpus
from tests.conftest import PREFIX, QUEUE, SHARED
from tests.redis_server import RedisServer
from tests.small_model import make_model


@pytest.fixture(scope="module", params=["bullmq-5", "bullmq-6"])
def producer(request: pytest.FixtureRequest, redis_server: RedisServer) -> Iterator[Producer]:
    """Give a producer, once for each BullMQ version."""
    process = Producer(request.param, redis_server.port, QUEUE, PREFIX)
    yield process
    process.close()


def test_a_batch_comes_back_as_the_contract_says(real_worker: WorkerProcess, producer: Producer) -> None:
    """Result, progress and log lines of a good job, seen by the producer."""
    envelope = themed_envelope()
    job = producer.run(envelope)
    assert (job["state"], job["attemptsMade"], job["zod"]) == ("completed", 1, "ok")
    check_completed(envelope, job["returnvalue"])
    assert len(job["returnvalue"]["topics"]) >= 4
    stages = [progress["stage"] for progress in job["progress"]]
    assert stages == ["validate", "neighbours", "reduce", "cluster", "represent", "evaluate", "deliver"]
    percents = [progress["percent"] for progress in job["progress"]]
    assert (percents[0], percents[-1], percents) == (0, 100, sorted(percents))
    assert [line.partition(":")[0] for line in job["logs"]] == stages[:-1]
    assert "min_topic_size=" in "".join(job["logs"])


def broken(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """Make a batch of 20 items and break it."""
    envelope = themed_envelope(5, 4)
    change(envelope)
    return envelope


def _set_embeddings(envelope: dict[str, Any], embedding: list[float], start: int = 0) -> None:
    for item in envelope["items"][start:]:
        item["embedding"] = embedding


FAILURES = {
    "no model to embed with": (
        lambda e: [e.update(params={"embed_missing": True}), e["items"][0].pop("embedding")],
        "Cannot embed 1 of 20 texts (embed_missing): this worker has no language model, its keyword encoder is corpus; "
        "send the embeddings, or run the worker with the model that makes them",
    ),
    "too few items": (
        lambda e: e.update(items=e["items"][:8]),
        "Received 8 items, need at least 15 (min_topic_size) for topic modeling",
    ),
    "too few for what was asked": (
        lambda e: e.update(params={"min_topic_size": 30}),
        "Received 20 items, need at least 30 (min_topic_size) for topic modeling",
    ),
    "another length": (
        lambda e: e["items"][3].update(embedding=[0.5] * 512),
        'Expected 768-dim embeddings, got 512 (items[3], submissionId "00000000-0000-0000-0000-000000000003")',
    ),
    "all zero": (lambda e: _set_embeddings(e, [0] * 768), "All embeddings are zero vectors"),
    "too few left": (
        lambda e: _set_embeddings(e, [0.0] * 768, start=9),
        "After filtering zero vectors, only 9 items remain (need 15)",
    ),
    "no topic": (
        lambda e: (
            [i.update(embedding=[float(k == n) for k in range(768)]) for n, i in enumerate(e["items"])]
            and e.update(params={"min_topic_size": 15})
        ),
        "BERTopic produced 0 topics: no group of at least 15 similar comments among 20, the largest had 3",
    ),
    "no word": (
        lambda e: [item.update(text="ang mga sa 2024 👍") for item in e["items"]],
        "No keywords: the texts hold only stop words, symbols or digits",
    ),
    "a broken rule": (
        lambda e: e["items"][3].update(text=""),
        "Invalid envelope: items[3].text: must not be empty",
    ),
}


@pytest.mark.parametrize("failure", sorted(FAILURES))
def test_a_failure_in_the_data_completes_as_failed(
    real_worker: WorkerProcess, producer: Producer, failure: str
) -> None:
    """Each row of the contract's table: completed, at the first attempt, with just this error."""
    change, error = FAILURES[failure]
    job = producer.run(broken(change))
    assert (job["state"], job["attemptsMade"], job["zod"]) == ("completed", 1, "ok")
    check_failed(job["returnvalue"], error)


def test_a_job_inside_a_flow(real_worker: WorkerProcess, producer: Producer) -> None:
    """The parent gets the result of its child."""
    envelope = themed_envelope()
    job_id = envelope["metadata"]["pipelineId"] + "--topic-model"
    made = producer.ask("flow", data=envelope, opts={"jobId": job_id})
    assert producer.ask("wait", id=made["id"])["state"] == "completed"
    parent = producer.ask("childrenValues", parent=made["parent"])
    assert parent["state"] == "waiting"
    check_completed(envelope, parent["values"][0])


@pytest.mark.slow
@pytest.mark.parametrize("producer", ["bullmq-5"], indirect=True)
def test_ten_thousand_items(real_worker: WorkerProcess, producer: Producer) -> None:
    """About a hundred megabytes of JSON go through."""
    envelope = themed_envelope(2000, 5)
    job = producer.run(envelope)
    assert job["state"] == "completed"
    check_completed(envelope, job["returnvalue"])


def _real_envelope(corpus: str, n_copies: int = 1) -> dict[str, Any]:
    """Make a job of a corpus beside the checkout, and of copies of it with a little noise."""
    loaded = load_corpus(SHARED / "data", corpus)
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.01, (n_copies - 1, *loaded.embeddings.shape)).astype(np.float32)
    embeddings = np.concatenate([loaded.embeddings, *(loaded.embeddings + noise)])
    envelope = themed_envelope(1, 1)
    envelope["items"] = [
        {"submissionId": f"{corpus}-{i}", "text": loaded.texts[i % len(loaded.texts)], "embedding": embedding}
        for i, embedding in enumerate(rounded(embeddings))
    ]
    return envelope


@pytest.mark.slow
@pytest.mark.corpora
@pytest.mark.soak
@pytest.mark.parametrize("producer", ["bullmq-6"], indirect=True)
@pytest.mark.parametrize("corpus", ["course_reviews", "course_review_sentences", "news"])
def test_real_corpora(real_worker: WorkerProcess, producer: Producer, corpus: str) -> None:
    """The corpora beside the checkout, as jobs."""
    envelope = _real_envelope(corpus)
    job = producer.run(envelope)
    assert (job["state"], job["attemptsMade"], job["zod"]) == ("completed", 1, "ok")
    check_completed(envelope, job["returnvalue"])


@pytest.mark.slow
@pytest.mark.corpora
@pytest.mark.soak
@pytest.mark.parametrize("producer", ["bullmq-6"], indirect=True)
def test_a_real_corpus_several_times_over(real_worker: WorkerProcess, producer: Producer) -> None:
    """Eight noisy copies of the course reviews; with one producer only."""
    n_copies = 8
    envelope = _real_envelope("course_reviews", n_copies)
    assert len(envelope["items"]) == n_copies * 1_250
    job = producer.run(envelope)
    assert (job["state"], job["attemptsMade"], job["zod"]) == ("completed", 1, "ok")
    check_completed(envelope, job["returnvalue"])


@pytest.mark.shared
def test_our_schema_is_the_contract_s() -> None:
    """The Zod schema that results are held against takes in just what the API's own does."""
    command = ["node", "compare_schemas.mjs", str(SHARED / "contract.zod.ts")]
    subprocess.run(command, cwd=NODE_PROJECT, check=True, timeout=60)


# How the test engine breaks: the reason that the producer reads.
BROKEN_ENGINES = {
    "raises": "ValueError in stage reduce",
    "crashes": "compute process died of SIGSEGV in stage reduce",
    "runs_out_of_memory": "out of memory (MemoryError) in stage reduce",
    "loses_the_gpu": "CUDA error (RuntimeError) in stage reduce",
}


@pytest.mark.slow
@pytest.mark.parametrize("library", ["bullmq-5", "bullmq-6"])
def test_an_infrastructure_error_is_retried(redis_server: RedisServer, queue_name: str, library: str) -> None:
    """Each attempt is spent with the producer's backoff; the reason is one line that says what broke."""
    engine = "tests.compute.engines.faults:by_text"
    process = WorkerProcess(
        REDIS_URL=redis_server.url, TOPIC_MODEL_QUEUE=queue_name, BULLMQ_PREFIX=PREFIX, TOPIC_MODEL_TEST_ENGINE=engine
    )
    producer = Producer(library, redis_server.port, queue_name, PREFIX)
    process.wait_for("worker_ready")
    ended = {}
    for fault in BROKEN_ENGINES:
        envelope = themed_envelope(5, 4)
        envelope["items"][0]["text"] = fault
        job = producer.run(envelope, attempts=2)
        ended[fault] = job["state"], job["attemptsMade"], job["failedReason"]
    producer.close()
    assert process.stop() == 0
    assert ended == {fault: ("failed", 2, reason) for fault, reason in BROKEN_ENGINES.items()}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_an_idle_worker_cleanly(
    redis_server: RedisServer, queue_name: str, number: signal.Signals
) -> None:
    """Exit code 0, and nothing left running."""
    process = WorkerProcess(
        REDIS_URL=redis_server.url,
        TOPIC_MODEL_QUEUE=queue_name,
        TOPIC_MODEL_TEST_ENGINE="tests.compute.engines.faults:by_text",
    )
    process.wait_for("worker_ready")
    process.send(number)
    assert process.wait() == 0
    assert process.names()[-1] == "worker_stopped"


@pytest.mark.slow
def test_no_text_and_no_secret_reaches_the_log(redis_server: RedisServer, queue_name: str) -> None:
    """A marked text and a marked number appear in no line, whatever becomes of the job."""
    process = WorkerProcess(
        REDIS_URL=redis_server.url,
        TOPIC_MODEL_QUEUE=queue_name,
        BULLMQ_PREFIX=PREFIX,
        LOG_LEVEL="DEBUG",
        TOPIC_MODEL_TEST_ENGINE="tests.compute.engines.faults:by_text",
    )
    producer = Producer("bullmq-6", redis_server.port, queue_name, PREFIX)
    process.wait_for("worker_ready")
    envelope = themed_envelope(5, 4)
    for item in envelope["items"]:
        item["text"], item["embedding"][5] = "marked-text-zq", 0.7654321
    for first in ("succeeds", "raises"):
        envelope["items"][0]["text"] = first
        envelope["metadata"]["pipelineId"] = first
        job = producer.run(envelope, attempts=1)
        assert "nobody may read" not in json.dumps(job)
    assert job["failedReason"] == "ValueError in stage reduce"
    producer.close()
    assert process.stop() == 0
    log = "".join(process.raw)
    assert "job_completed" in log
    assert "job_failed" in log
    assert not any(mark in log for mark in ("marked-text-zq", "0.7654321", "nobody may read"))


@pytest.mark.slow
def test_no_text_reaches_the_log_of_the_real_engine(redis_server: RedisServer, queue_name: str, tmp_path: Path) -> None:
    """With a language model, at the finest level; and whatever its libraries print, each line is an event.

    The model embeds comments too, in a stage of its own, and warns if aspects cannot be told apart by it.
    """
    process = WorkerProcess(
        REDIS_URL=redis_server.url,
        TOPIC_MODEL_QUEUE=queue_name,
        BULLMQ_PREFIX=PREFIX,
        LOG_LEVEL="DEBUG",
        KEYWORD_ENCODER=make_model(tmp_path / "model", 768),
    )
    producer = Producer("bullmq-6", redis_server.port, queue_name, PREFIX)
    process.wait_for("worker_ready")
    envelope = themed_envelope()
    for item in envelope["items"]:
        item["text"] += " marked-text-zq"
        item["embedding"][5] = 0.07654321
    assert producer.run(envelope)["returnvalue"]["status"] == "completed"
    missing = themed_envelope(embed_missing=True, tier1_guided=True)
    for item in missing["items"]:
        item["text"] += " marked-text-zq"
        del item["embedding"]
    job = producer.run(missing)
    producer.close()
    assert process.stop() == 0
    assert job["returnvalue"]["status"] == "completed"
    assert [progress["stage"] for progress in job["progress"]][:2] == ["validate", "embed"]
    percents = [progress["percent"] for progress in job["progress"]]
    assert (percents[0], percents[-1], percents) == (0, 100, sorted(percents))
    assert any(line.startswith("embed: ") and "embedded=48" in line for line in job["logs"])
    assert any(line.startswith("warning: the keyword encoder ") for line in job["logs"])
    assert job["returnvalue"]["aspectMapping"]["-1"] == {"aspect": "outlier", "similarity": 0.0}
    log = "".join(process.raw)
    assert "job_completed" in log
    assert "cannot tell the aspects apart" in log
    assert not any(mark in log for mark in ("marked-text-zq", "0.07654321"))

"""The mock worker and the client for unit tests: what they answer is what the contract promises, and is the same."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.acceptance.invariants import check_completed, check_failed
from tests.environment import clean_environment
from tests.integration.conftest import CLIENT
from tests.integration.mock import mock_worker
from tests.redis_server import RedisServer
from worker.jobs.registry import KINDS, show_schema
from worker.topics.fit import EMBED

ITEMS = themed_envelope(12, 4)["items"]
SCHEMAS = {"kept": "TopicModelResult", "modelless": "TopicModelPredictResult", "versionless": "TopicModelPredictResult"}
SCHEMAS |= {name: f"TopicModel{kind}Result" for name, kind in (("skipped", "Update"), ("updated", "Update"))}
SCHEMAS |= {"tuned": "TopicModelTuneResult"}
SCHEMAS |= {"predicted": "TopicModelPredictResult", "rebuilt": "TopicModelRebuildResult"}
FAILURES = {
    "few": "Received 3 items, need at least 15 (min_topic_size) for topic modeling",
    "none": "No keywords: the texts hold only stop words, symbols or digits",
    "zero": "All embeddings are zero vectors",
    "length": 'Expected 768-dim embeddings, got 2 (items[0], submissionId "00000000-0000-0000-0000-000000000000")',
    "twice": "Invalid envelope: items[48].submissionId: is already that of items[0]",
    "modelless": 'Tenant "campus-3" has no model yet: send a topic-model job with this tenant, or an update',
    "versionless": 'Tenant "campus-3" has no version 20260101_000000 of its model',
    "lacking": "Invalid envelope: items[3].embedding: is required",
    "failed": "BERTopic produced 0 topics",
}
BROKEN = {
    "infrastructure": "InfrastructureFailure: CUDA out of memory (OutOfMemoryError) in stage cluster",
    "timeout": "InfrastructureFailure: timed out after 300000 ms in stage cluster",
    "crash": "InfrastructureFailure: compute process exited with code 3 in stage cluster",
}


@pytest.fixture(params=["bullmq-5", "bullmq-6"])
def client(request: pytest.FixtureRequest) -> Path:
    """Give the client as it was built, which finds BullMQ 5.71, and as an API with BullMQ 6 has it."""
    if request.param == "bullmq-5":
        return Path(request.getfixturevalue("built")) / "src"
    return Path(request.getfixturevalue("api")) / "node_modules" / CLIENT / "dist" / "src"


def tell(script: str, *arguments: str) -> Any:
    """Run a script of an API, which prints one JSON document."""
    command = ["node", str(Path(__file__).with_name(script)), *arguments]
    done = subprocess.run(command, check=False, env=clean_environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def timeless(told: Any) -> Any:
    """Take out of results what no two runs share."""
    return json.loads(re.sub(r'"\d{8}_\d{6}(_\d)?"|"\d{4}-\d\d-\d\dT[\d:.]+Z"', '"some time"', json.dumps(told)))


def check_results(told: dict[str, Any]) -> None:
    """Check each result by the worker's own schema, and by the rules that a schema cannot say."""
    schema = jsonschema.Draft202012Validator(json.loads(show_schema()))
    for name, result in told.items():
        if isinstance(result, dict):
            kind = SCHEMAS.get(name, "TopicModelResult")
            schema.evolve(schema={"$ref": f"#/$defs/{kind}", "$defs": schema.schema["$defs"]}).validate(result)
            assert result["version"] == "1.0.0-mock"
            result["version"] = "1.0.0"
    check_completed({"items": ITEMS}, told["fit"])
    for name, error in FAILURES.items():
        check_failed(told[name], error)
    assert {name: told[name] for name in BROKEN} == BROKEN
    assert re.match(
        r"BERTopic produced 0 topics: no group of at least 40 similar comments among 48, ", told["apart"]["error"]
    )
    assert re.match(r"Invalid envelope: params\.nr_topics: .+; items\[0\]\.text: .+", told["invalid"]["error"])
    assert told["misspelt"]["error"].startswith("Invalid envelope: metadata.mock: must be one of complete, ")
    assert told["skipped"]["reason"] == "Received 2 items, an update needs at least 10 (min_documents)"
    assert [trial["params"].get("nr_topics") for trial in told["tuned"]["trials"]] == [None, 2, 4]
    aspects = told["guided"]["aspectMapping"]
    assert set(aspects) == {"-1", *(str(topic["topicIndex"]) for topic in told["guided"]["topics"])}
    assert {topic["aspectLabel"] for topic in told["guided"]["topics"]} >= {"teaching_clarity", "emergent"}
    assert any(assignment["isMultiTopic"] for assignment in told["guided"]["assignments"])
    assert all(topic["label"] for topic in told["guided"]["topics"])
    assert not any("label" in topic for topic in told["fit"]["topics"])
    n_items_of = {"embedded": 48, "kept": 36, "updated": 24, "predicted": 1, "rebuilt": 48, "inline": 24}
    for name, n_items in n_items_of.items():
        result = told[name]
        assert sum(topic["docCount"] for topic in result["topics"]) + result["outlierCount"] == n_items
        assert len(result["assignments"]) == n_items - result["outlierCount"]


def check_what_stays(told: dict[str, Any]) -> None:
    """Check that topics keep their numbers: in a rerun, and in a tenant's model."""
    numbers = [topic["topicIndex"] for topic in told["fit"]["topics"]]
    assert [topic["topicIndex"] for topic in told["byId"]["topics"]] == numbers
    assert told["byId"]["continuity"]["previous"] == "fit--topic-model"
    assert {topic["since"] for topic in told["byId"]["topics"]} == {told["fit"]["completedAt"]}
    assert (told["gone"]["continuity"]["previous"], told["gone"]["continuity"]["born"]) == (None, numbers)
    continuity = told["inline"]["continuity"]
    assert continuity["kept"]
    assert continuity["born"]
    assert max(continuity["kept"]) < min(continuity["born"])
    first, updated, predicted, rebuilt = (told[name] for name in ("kept", "updated", "predicted", "rebuilt"))
    assert updated["model"]["previousVersion"] == first["model"]["version"]
    assert predicted["model"]["version"] == updated["model"]["version"] == rebuilt["model"]["previousVersion"]
    before = {topic["topicIndex"]: topic["docCount"] for topic in first["topics"]}
    for topic in updated["topics"]:
        assert topic["totalCount"] == before.get(topic["topicIndex"], 0) + topic["docCount"]
    assert updated["born"] == sorted({topic["topicIndex"] for topic in updated["topics"]} - set(before))


def check_what_redis_tells(over_redis: dict[str, Any]) -> None:
    """Check attempts, stages and cancelling."""
    assert over_redis["attempts"] == ["completed", 3, 3], "the third attempt completes"
    assert over_redis["stall"] == ["completed", 1, 2], "the job is taken again, and no attempt is spent"
    stages = [(progress["stage"], progress["percent"]) for progress in over_redis["stages"]]
    usual = [(str(stage), percent) for stage, percent in KINDS["topic-model"].stages.items()]
    usual = [(stage, percent) for stage, percent in usual if stage not in {EMBED, "load", "keep"}]
    assert stages[-len(usual) - 1 :] == [*usual, ("deliver", 100)]
    assert stages[0] == stages[-len(usual) - 1], "each attempt begins at 0"
    assert over_redis["cancelled"] == ["requested", True]
    assert over_redis["listening"] is True


def check_in_memory(told: dict[str, Any]) -> None:
    """Check that the client for unit tests does what `pipelines.cjs` has of the real one."""
    assert told["reused"] == [False, True, True, False, False], "what failed by the contract is run anew"
    assert told["child"] == "completed"
    assert told["errors"] == [
        "InfrastructureFailure: compute process died of SIGKILL (killed: out of memory?) in stage cluster",
        "WaitTimeout: the wait timed out: job stalls--topic-model has not ended within 1 ms",
        "JobRemoved: there is no job none--topic-model",
        "FlowConflict: job stalls--topic-model is another parent's child, and active",
        "FlowConflict: job stalls--topic-model holds another batch, is a flow's child, and active",
        "JobConflict: job b--topic-model holds another batch and runs: wait for it, cancel it, or take another id",
        "Cancelled: job b--topic-model was cancelled",
        "InfrastructureFailure",
    ]
    assert (told["state"], told["requests"]) == ("active", 7)
    assert told["answers"] == ["requested", "ended", "unknown", "removed"]
    assert told["found"] == [{"jobId": "c--topic-model", "state": "waiting"}, False, None, None, "deliver"]


def test_the_mock_keeps_the_contract(client: Path, own_redis: RedisServer, tmp_path: Path) -> None:
    """With both BullMQ: results of every kind, failures, attempts, a stalled job; the client for unit tests agrees."""
    file = tmp_path / "batch.json"
    file.write_text(json.dumps({"items": ITEMS}), encoding="utf-8")
    with mock_worker(client, own_redis.port, "--lock-ms", "300"):
        told = tell("mock.cjs", str(client), str(own_redis.port), str(file))
    assert timeless(told["mock"]) == timeless(told["double"])
    for results in (told["mock"], told["double"]):
        check_results(results)
        check_what_stays(results)
    check_what_redis_tells(told["overRedis"])
    check_in_memory(told["inMemory"])


def test_the_mock_can_be_stopped_while_redis_is_away(built: Path, own_redis: RedisServer) -> None:
    """It would wait for its connections for ever; its exit code says that a job may be left."""
    with mock_worker(built / "src", own_redis.port, exit_code=1):
        own_redis.stop()


def test_the_stages_are_those_of_the_worker(built: Path) -> None:
    """Of each kind of job, with the percent at which each begins."""
    script = """
      const { stagesOf } = require(process.argv[1]);
      const kinds = process.argv.slice(2);
      const needs = { keepsModel: true, embeds: true };
      console.log(JSON.stringify(Object.fromEntries(kinds.map((kind) => [kind, stagesOf(kind, needs)]))));
    """
    command = ["node", "-e", script, str(built / "src" / "mock" / "stages.js"), *KINDS]
    done = subprocess.run(command, check=True, env=clean_environment(), capture_output=True, text=True, timeout=60)
    expected = {name: [[str(stage), at] for stage, at in kind.stages.items()] for name, kind in KINDS.items()}
    assert json.loads(done.stdout) == expected

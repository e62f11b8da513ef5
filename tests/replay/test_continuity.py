"""`previous` at the command line: inline, by a job, in a sweep and in --compare."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.redis_server import RedisServer
from tests.replay.commands import ask, told
from worker.replay.continuity import continuity_lines


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """Fit a batch; give its result, and the file it is in."""
    folder = tmp_path_factory.mktemp("first")
    (folder / "batch.json").write_text(json.dumps(themed_envelope(20, 5, seed=3)))
    process = ask("--once", folder / "batch.json")
    assert process.returncode == 0, told(process)
    (folder / "result.json").write_bytes(process.stdout)
    return json.loads(process.stdout), folder / "result.json"


def once(folder: Path, envelope: dict[str, Any], *arguments: str, **variables: str) -> tuple[dict[str, Any], str]:
    """Run a batch; give its result and what a person was told."""
    (folder / "batch.json").write_text(json.dumps(envelope))
    process = ask("--once", folder / "batch.json", *arguments, **variables)
    assert process.returncode == 0, told(process)
    result: dict[str, Any] = json.loads(process.stdout)
    return result, told(process)


@pytest.mark.slow
def test_an_inline_result_is_continued(first: tuple[dict[str, Any], Path], tmp_path: Path) -> None:
    """The same bytes each time; the report and --compare tell what became of the topics."""
    before, file = first
    envelope = themed_envelope(20, 5, seed=3)
    envelope["items"] = envelope["items"][:-3]
    envelope["previous"] = before
    report = tmp_path / "report.html"
    result, said = once(tmp_path, envelope, "--report", str(report))
    assert result["continuity"]["previous"] == "inline"
    assert result["continuity"]["moved"] == 0
    assert {topic["rawLabel"] for topic in result["topics"]} == {topic["rawLabel"] for topic in before["topics"]}
    assert {topic["since"] for topic in result["topics"]} == {before["completedAt"]}
    (line,) = continuity_lines(result)
    assert "5 kept" in line
    assert line in said
    assert line in report.read_text()
    assert f"topicIndex {result['topics'][0]['topicIndex']}" in report.read_text()
    again, _ = once(tmp_path, envelope)
    assert {**again, "completedAt": ""} == {**result, "completedAt": ""}
    (tmp_path / "second.json").write_text(json.dumps(result))
    assert line in told(ask("--compare", file, tmp_path / "second.json"))


@pytest.mark.slow
def test_a_job_without_redis_is_a_first_fit(tmp_path: Path) -> None:
    """And says what to do."""
    result, said = once(tmp_path, themed_envelope(12, 4) | {"previous": "some-job"})
    assert result["continuity"]["previous"] is None
    assert "REDIS_URL is not set" in said
    assert "this is a first fit" in said


@pytest.mark.slow
def test_a_job_in_redis_is_continued_in_a_sweep_too(
    first: tuple[dict[str, Any], Path], tmp_path: Path, redis_server: RedisServer
) -> None:
    """Each value of the parameter keeps the topics."""
    before, _ = first
    client = redis_server.client()
    client.hset("bull:topic-model:earlier", mapping={"data": "{}", "returnvalue": json.dumps(before), "finishedOn": 1})
    (tmp_path / "batch.json").write_text(json.dumps(themed_envelope(20, 5, seed=3) | {"previous": "earlier"}))
    process = ask("--once", tmp_path / "batch.json", "--sweep", "nr_topics=4,20", REDIS_URL=redis_server.url)
    assert process.returncode == 0, told(process)
    few, many = (json.loads(line) for line in process.stdout.splitlines())
    assert few["continuity"]["previous"] == many["continuity"]["previous"] == "earlier"
    assert len(many["continuity"]["kept"]) == 5
    assert (len(few["continuity"]["kept"]), len(few["continuity"]["faded"])) == (4, 1)


@pytest.mark.parametrize("continuity", [None, 5, {}, {"previous": "a", "kept": 3}])
def test_a_file_that_no_worker_made_has_no_continuity(continuity: object) -> None:
    """It is compared as far as it goes."""
    assert continuity_lines({"continuity": continuity}) == []

"""`previous` at the command line: inline, by a job, in a sweep and in --compare."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.redis_server import RedisServer
from tests.replay.commands import ask, told
from tests.replay.sessions import session_of
from worker.replay.continuity import continuity_lines

Result = dict[str, Any]


def once(folder: Path, envelope: dict[str, Any], *arguments: str, **variables: str) -> tuple[Result, str]:
    """Run a batch; give its result and what a person was told."""
    (folder / "batch.json").write_text(json.dumps(envelope))
    process = ask("--once", folder / "batch.json", *arguments, **variables)
    assert process.returncode == 0, told(process)
    result: Result = json.loads(process.stdout)
    return result, told(process)


@pytest.fixture(scope="module")
def first() -> Result:
    """Fit a batch in this process; give the result."""
    result: Result = json.loads(json.dumps(session_of(themed_envelope(20, 5, seed=3), diagnose=False).document))
    return result


def second_batch() -> dict[str, Any]:
    """Make the batch of the first fit without its last three comments."""
    envelope = themed_envelope(20, 5, seed=3)
    envelope["items"] = envelope["items"][:-3]
    return envelope


@pytest.fixture(scope="module")
def second(first: Result, tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, str, str]:
    """Continue the first result; give the second one, what a person was told, and the report."""
    folder = tmp_path_factory.mktemp("second")
    result, said = once(folder, second_batch() | {"previous": first}, "--report", str(folder / "report.html"))
    return result, said, (folder / "report.html").read_text()


@pytest.mark.slow
def test_an_inline_result_is_continued(first: Result, second: tuple[Result, str, str], tmp_path: Path) -> None:
    """The report and --compare tell what became of the topics."""
    result, said, report = second
    assert result["continuity"]["previous"] == "inline"
    assert result["continuity"]["moved"] == 0
    assert {topic["rawLabel"] for topic in result["topics"]} == {topic["rawLabel"] for topic in first["topics"]}
    assert {topic["since"] for topic in result["topics"]} == {first["completedAt"]}
    (line,) = continuity_lines(result)
    assert "5 kept" in line
    assert line in said
    assert line in report
    assert f"topicIndex {result['topics'][0]['topicIndex']}" in report
    files = tmp_path / "first.json", tmp_path / "second.json"
    for file, document in zip(files, (first, result), strict=True):
        file.write_text(json.dumps(document))
    assert line in told(ask("--compare", *files))


@pytest.mark.slow
def test_a_job_without_redis_is_a_first_fit(tmp_path: Path) -> None:
    """And says what to do."""
    engine = "tests.replay.engines:first_fit"
    result, said = once(tmp_path, themed_envelope(5, 4) | {"previous": "some-job"}, TOPIC_MODEL_TEST_ENGINE=engine)
    assert result["continuity"]["previous"] is None
    assert "REDIS_URL is not set" in said
    assert "this is a first fit" in said


@pytest.mark.slow
def test_a_job_in_redis_is_continued_in_a_sweep_too(
    first: Result, second: tuple[Result, str, str], tmp_path: Path, redis_server: RedisServer
) -> None:
    """Each value of the parameter keeps the topics; the default value gives what the inline result gave."""
    client = redis_server.client()
    client.hset("bull:topic-model:earlier", mapping={"data": "{}", "returnvalue": json.dumps(first), "finishedOn": 1})
    (tmp_path / "batch.json").write_text(json.dumps(second_batch() | {"previous": "earlier"}))
    process = ask("--once", tmp_path / "batch.json", "--sweep", "nr_topics=4,20", REDIS_URL=redis_server.url)
    assert process.returncode == 0, told(process)
    few, many = (json.loads(line) for line in process.stdout.splitlines())
    assert few["continuity"]["previous"] == many["continuity"]["previous"] == "earlier"
    assert len(many["continuity"]["kept"]) == 5
    assert (len(few["continuity"]["kept"]), len(few["continuity"]["faded"])) == (4, 1)
    inline, _, _ = second
    again = {**many, "completedAt": inline["completedAt"]}
    assert again == {**inline, "continuity": {**inline["continuity"], "previous": "earlier"}}


@pytest.mark.parametrize("continuity", [None, 5, {}, {"previous": "a", "kept": 3}])
def test_a_file_that_no_worker_made_has_no_continuity(continuity: object) -> None:
    """It is compared as far as it goes."""
    assert continuity_lines({"continuity": continuity}) == []

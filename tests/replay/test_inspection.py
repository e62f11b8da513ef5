"""`--report`, `--set`, `--sweep`, `--explain`, `--compare`, `--job`, `--save-job`, through real processes."""

import asyncio
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from bullmq import Queue

from tests.acceptance.envelopes import themed_envelope
from tests.redis_server import RedisServer
from tests.replay.commands import EXAMPLE, ask, documents_of, refusal, told

NASTY = "the room </script><script>document.title='taken'</script><img src=x onerror=alert(1)> & <b>late</b>"
SMALL = {"n_per_theme": 10, "n_themes": 3}


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a small batch of three themes, one comment of which would like to be a script."""
    envelope = themed_envelope(**SMALL)
    envelope["items"][3]["text"] += " " + NASTY
    path = tmp_path_factory.mktemp("batch") / "job.json"
    path.write_text(json.dumps(envelope))
    return path


def test_inspecting_does_not_change_the_result(batch: Path, tmp_path: Path) -> None:
    """The document on stdout is the same with a report and an explanation as without."""
    envelope = json.loads(batch.read_text())
    submission = envelope["items"][4]["submissionId"]
    report = tmp_path / "out.html"
    plain = ask("--once", batch)
    looked_at = ask("--once", batch, "--report", report, "--explain", submission)
    assert plain.returncode == looked_at.returncode == 0, told(looked_at)
    assert documents_of(plain) == documents_of(looked_at)
    assert report.stat().st_size > 1_000_000
    assert f"report: {report}" in told(looked_at)


def test_the_report_escapes_every_comment(batch: Path, tmp_path: Path) -> None:
    """A comment that holds tags is text in the page, in its tables as in its data."""
    report = tmp_path / "out.html"
    assert ask("--once", batch, "--report", report).returncode == 0
    page = report.read_text()
    assert NASTY not in page
    assert "<script>document.title" not in page
    assert "<img src=x" not in page
    assert page.count("</script>") == 3
    assert "\\u003c/script\\u003e\\u003cscript\\u003edocument.title" in page
    assert not re.search(r"""(?:src|href)=["']?https?:""", page.split('<script type="application/json"')[0])


def test_explain_tells_why(batch: Path) -> None:
    """Topic, cluster, alternatives and neighbours of a comment are told, with its words."""
    envelope = json.loads(batch.read_text())
    item = envelope["items"][4]
    process = ask("--once", batch, "--explain", item["submissionId"])
    assert process.returncode == 0, told(process)
    lines = told(process)
    assert f"explain {item['submissionId']}: {item['text']}" in lines
    assert re.search(r"  topic \d \(.+\), probability 0\.\d{4}", lines)
    assert re.search(r"  core member of cluster \d+ \(\d+ comments\) with strength \d\.\d\d, which is the topic", lines)
    assert "nearest comments" in lines
    assert re.search(r"\d+ of 20", lines)


def test_explain_an_outlier_and_a_zero_vector(tmp_path: Path) -> None:
    """An outlier is told what kept it out, a zero vector that it is one."""
    envelope = themed_envelope(**SMALL)
    ids = [item["submissionId"] for item in envelope["items"]]
    envelope["items"][0]["embedding"] = [0] * 768
    envelope["items"][1]["embedding"] = [(-1) ** i for i in range(768)]
    envelope["params"] = {"reduce_outliers": False}
    path = tmp_path / "job.json"
    path.write_text(json.dumps(envelope))
    zero = ask("--once", path, "--explain", ids[0])
    assert "outlier: its embedding is the zero vector" in told(zero)
    far = ask("--once", path, "--explain", ids[1])
    assert "  outlier: " in told(far)
    assert "HDBSCAN left it outside every cluster" in told(far)


def test_a_sweep_gives_what_single_runs_give(batch: Path) -> None:
    """Each value of a sweep gives the document of a run with that value, though neighbours are shared."""
    sweep = ask("--once", batch, "--sweep", "umap_n_neighbors=5,28,10")
    assert sweep.returncode == 0, told(sweep)
    documents = documents_of(sweep)
    assert len(documents) == 3
    for value, document in zip((5, 28), documents, strict=False):
        alone = ask("--once", batch, "--set", f"umap_n_neighbors={value}")
        assert documents_of(alone) == [document]
    header, rows = re.search(r"(umap_n_neighbors +topics.*)\n.*\n((?: *\d+ .*\n){3})", told(sweep)).groups()  # type: ignore[union-attr]
    assert "silhouette" in header
    assert [row.split()[0] for row in rows.splitlines()] == ["5", "28", "10"]


def test_a_value_of_a_sweep_may_fail_by_the_contract(batch: Path) -> None:
    """A value that the batch is too small for has a failed document in its place, and the exit code says so."""
    process = ask("--once", batch, "--sweep", "min_topic_size=3000,5")
    assert process.returncode == 1
    first, second = documents_of(process)
    assert first["error"] == "Received 30 items, need at least 3000 (min_topic_size) for topic modeling"
    assert second["status"] == "completed"


def test_set_overrides_the_batch(batch: Path) -> None:
    """The last value of a parameter counts, and is what is told."""
    process = ask("--once", batch, "--set", "nr_topics=9", "--set", "nr_topics=2", "--set", "min_topic_size=5")
    assert process.returncode == 0, told(process)
    assert "min_topic_size=5, nr_topics=2" in told(process)
    (document,) = documents_of(process)
    assert len(document["topics"]) == 2


def test_compare(batch: Path, tmp_path: Path) -> None:
    """Identical results say so in one line; others show matched topics, moved documents and metrics."""
    left, right = tmp_path / "a.json", tmp_path / "b.json"
    left.write_bytes(ask("--once", batch).stdout)
    right.write_bytes(ask("--once", batch, "--set", "nr_topics=2").stdout)
    same = ask("--compare", left, left)
    assert same.returncode == 0
    assert same.stdout == b""
    assert told(same).splitlines() == [f"{left} and {left} are identical (but for completedAt and version)"]
    other = told(ask("--compare", left, right))
    assert f"A: {left}" in other
    assert "A and B differ: 10 documents in another topic" in other
    assert "silhouette_score" in other


async def _add(server: RedisServer, queue_name: str, envelope: dict[str, Any], job_id: str) -> None:
    queue = Queue(queue_name, {"connection": server.url, "prefix": "faculytics:bull"})
    await queue.add("topic-model", envelope, {"jobId": job_id})
    await queue.close()


def test_a_stored_job(batch: Path, redis_server: RedisServer, queue_name: str, tmp_path: Path) -> None:
    """A job is taken from Redis in whatever state it is, compared with its result, and left as it was."""
    job_id = "p1--topic-model"
    settings = {
        "REDIS_URL": redis_server.url,
        "BULLMQ_PREFIX": "faculytics:bull",
        "TOPIC_MODEL_QUEUE": queue_name,
    }
    asyncio.run(_add(redis_server, queue_name, json.loads(batch.read_text()), job_id))
    key = f"faculytics:bull:{queue_name}:{job_id}"
    with redis_server.client() as client:
        waiting = ask("--once", "--job", job_id, **settings)
        assert waiting.returncode == 0, told(waiting)
        assert f"job {job_id}: not yet run" in told(waiting)
        assert "no stored result to compare with" in told(waiting)
        document = json.loads(waiting.stdout)
        client.hset(key, mapping={"returnvalue": json.dumps(document), "finishedOn": "1"})
        before = client.hgetall(key)
        report = tmp_path / "out.html"
        done = ask("--once", "--job", job_id, "--report", report, **settings)
        assert "stored and here are identical" in told(done)
        assert "stored and here are identical" in report.read_text()
        document["assignments"][0]["topicIndex"] = 2 - document["assignments"][0]["topicIndex"]
        client.hset(key, "returnvalue", json.dumps(document))
        moved = ask("--once", "--job", job_id, **settings)
        assert "stored and here differ: 1 documents in another topic" in told(moved)
        client.hset(key, "returnvalue", '{"something": "else"}')
        assert "is no result document" in told(ask("--once", "--job", job_id, **settings))
        client.hset(key, "returnvalue", before["returnvalue"])
        assert client.hgetall(key) == before
    missing = refusal(ask("--once", "--job", "none", **settings))
    assert missing.startswith(f"no job none in queue {queue_name} (prefix faculytics:bull) at {redis_server.url}")
    assert refusal(ask("--once", "--job", "meta", **settings)).startswith("no job meta in queue")


def test_redis_is_away() -> None:
    """A Redis that does not answer is an infrastructure error in one line, without the password."""
    process = ask("--once", "--job", "x", REDIS_URL="redis://user:secret@127.0.0.1:1")
    assert process.returncode == 3
    line = told(process).splitlines()[-1]
    assert line == "python -m worker: Redis at redis://127.0.0.1:1 cannot be asked: ConnectionError"


def test_a_saved_job_reproduces(batch: Path, tmp_path: Path) -> None:
    """What is saved is the envelope as taken, overrides left out, and gives the same bytes each time."""
    saved, again = tmp_path / "out.json.gz", tmp_path / "again.json.gz"
    assert ask("--once", batch, "--save-job", saved, "--set", "nr_topics=2").returncode == 0
    assert json.loads(gzip.decompress(saved.read_bytes())) == json.loads(batch.read_text())
    assert ask("--once", saved, "--save-job", again).returncode == 0
    assert saved.read_bytes() == again.read_bytes()


def test_a_redacted_job_reproduces_without_a_word(tmp_path: Path) -> None:
    """The real example gives the same topics from pseudonyms, of which none is a word of a comment."""
    saved = tmp_path / "out.json"
    original = ask("--once", EXAMPLE, "--save-job", saved, "--redact")
    assert original.returncode == 0, told(original)
    redacted = ask("--once", saved)
    assert redacted.returncode == 0, told(redacted)
    (ours,), (theirs,) = documents_of(original), documents_of(redacted)
    assert ours["assignments"] == theirs["assignments"]
    assert ours["metrics"] == theirs["metrics"]
    words = {word for topic in ours["topics"] for keyword in topic["keywords"] for word in keyword.split()}
    texts = " ".join(item["text"] for item in json.loads(saved.read_text())["items"])
    assert not words & set(re.findall(r"[\w'-]+", texts))


def test_a_rejected_envelope_can_be_saved(tmp_path: Path) -> None:
    """A batch that breaks the contract is saved all the same, redacted without what nobody knows."""
    envelope = themed_envelope(**SMALL)
    envelope["items"][2]["text"] = ["a list"]
    envelope["items"][3]["teacher"] = "Mr. Somebody"
    envelope["metadata"]["teacher"] = "Mr. Somebody"
    envelope["comment"] = "Mr. Somebody"
    path, saved = tmp_path / "job.json", tmp_path / "out.json"
    path.write_text(json.dumps(envelope))
    process = ask("--once", path, "--save-job", saved, "--redact")
    assert process.returncode == 1
    assert "items[2].text" in told(process)
    assert "Somebody" not in saved.read_text()
    assert documents_of(ask("--once", saved))[0]["error"] == documents_of(process)[0]["error"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--report", "x.html"], "--report goes with --once: python -m worker --once job.json --report ..."),
        (["--set", "nr_topics=2"], "--set goes with --once"),
        (["--once", "{batch}", "--job", "x"], "--once takes a FILE or --job ID, not both"),
        (["--once", "{batch}", "--redact"], "--redact is about what --save-job writes"),
        (
            ["--once", "{batch}", "--sweep", "nr_topics=2,3", "--report", "x"],
            "--report shows one run and --sweep makes",
        ),
        (["--once", "{batch}", "--sweep", "nr_topics=2,3", "--explain", "x"], "--explain shows one run and --sweep"),
        (["--once", "{batch}", "--sweep", "nr_topics=2", "--sweep", "nr_topics=3"], "--sweep takes one parameter"),
        (
            ["--once", "{batch}", "--set", "topics=3"],
            "--set topics=3: there is no parameter topics; there are min_topic",
        ),
        (["--once", "{batch}", "--set", "nr_topics"], "--set nr_topics: write it as NAME=VALUE, e.g. --set"),
        (
            ["--once", "{batch}", "--set", "nr_topics=0"],
            "--set nr_topics=0: nr_topics: must be an integer of at least 1",
        ),
        (["--once", "{batch}", "--set", "nr_topics=two"], "--set nr_topics=two: two is no number, true, false, null"),
        (["--once", "{batch}", "--sweep", "nr_topics=2,,3"], "--sweep nr_topics=: write it as NAME=VALUE"),
        (["--once", "{batch}", "--explain", "nobody"], "--explain nobody: no item of the batch has this submissionId"),
        (["--once", "{batch}", "--save-job", "{batch}"], "{batch} is the batch itself and would be overwritten"),
        (["--once", "{batch}", "--save-job", "/nowhere/x"], "cannot write /nowhere/x: No such file or directory"),
        (["--compare", "{batch}", "{batch}"], "{batch} is no result document"),
        (["--compare", "{batch}", "/nowhere/x"], "cannot read /nowhere/x: No such file or directory"),
        (["--once", "{batch}", "--compare", "a", "b"], "--compare A B stands alone"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(arguments: list[str], message: str, batch: Path) -> None:
    """Flags that contradict each other, and values that cannot be meant, exit 2 with one line."""
    filled = [argument.replace("{batch}", str(batch)) for argument in arguments]
    assert refusal(ask(*filled)).startswith(message.replace("{batch}", str(batch)))


def test_help_has_an_example_of_each_flag() -> None:
    """Every flag is documented with an example."""
    shown = " ".join(ask("--help").stdout.decode().split())
    flags = ["--once", "--job", "--report", "--set", "--sweep", "--explain", "--save-job", "--redact", "--compare"]
    for flag in flags:
        assert re.search(rf"e\.g\. [^;]*{flag}", shown), flag

"""`--report`, `--set`, `--sweep`, `--explain`, `--compare`, `--job`, `--save-job`, through real processes."""

import asyncio
import gzip
import io
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from bullmq import Queue

from tests.acceptance.envelopes import themed_envelope
from tests.acceptance.processes import PROJECT
from tests.redis_server import RedisServer
from tests.replay.commands import EXAMPLE, ask, documents_of, refusal, told
from tests.replay.conftest import Call
from tests.replay.sessions import session_of
from worker.cli.flags import make_parser
from worker.cli.main import main
from worker.contract.envelope import Rejection, read_envelope
from worker.replay.differences import compare
from worker.replay.explanation import explain, show_explanation
from worker.replay.files import UnreadableFile, UnwritableFile, check_writable
from worker.replay.report.votes import vote_on
from worker.replay.request import Request
from worker.replay.result_document import checked_result
from worker.replay.saved_job import redacted
from worker.replay.session import source_of
from worker.replay.sweep import make_variants, path_of, results_of, variants_to_fit
from worker.replay.terminal import Terminal
from worker.topics.bertopic.parts import BERTopic
from worker.topics.fit import NoTopics
from worker.topics.words.academic_aspects import ACADEMIC_ASPECTS
from worker.topics.words.tokens import tokenize

NASTY = "the room </script><script>document.title='taken'</script><img src=x onerror=alert(1)> & <b>late</b>"
# An engine without a model: it starts at once.
QUICK = {"TOPIC_MODEL_TEST_ENGINE": "tests.replay.engines:two_topics"}
SMALL: dict[str, Any] = {"n_per_theme": 10, "n_themes": 3}
# Of the third theme: with two topics the first two themes are one topic.
EXPLAINED = 24


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a small batch of three themes, one comment of which would like to be a script."""
    envelope = themed_envelope(**SMALL)
    envelope["items"][3]["text"] += " " + NASTY
    path = tmp_path_factory.mktemp("batch") / "job.json"
    path.write_text(json.dumps(envelope))
    return path


@pytest.fixture(scope="module")
def plain(batch: Path) -> dict[str, Any]:
    """Fit the batch as it is in this process, once for all tests, without diagnostics; give the result."""
    document = session_of(json.loads(batch.read_text()), diagnose=False).document
    return json.loads(json.dumps(document))


@pytest.fixture(scope="module")
def varied(batch: Path) -> dict[str, Any]:
    """Fit the batch with other parameters in this process; give the result."""
    params = {"nr_topics": 2, "umap_n_neighbors": 28}
    document = session_of(json.loads(batch.read_text()) | {"params": params}, diagnose=False).document
    return json.loads(json.dumps(document))


@pytest.fixture(scope="module")
def inspected(batch: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[bytes], Path]:
    """Run the batch once for all tests: from a file whose name is no UTF-8, with the other parameters and all flags."""
    folder = tmp_path_factory.mktemp("inspected")
    odd, report = folder / os.fsdecode(b"\xffjob.json"), folder / "out.html"
    envelope = json.loads(batch.read_text()) | {"model": {"tenant": "campus-3"}}
    odd.write_text(json.dumps(envelope))
    item = envelope["items"][EXPLAINED]
    change = ("--set", "nr_topics=9", "--set", "nr_topics=2", "--set", "umap_n_neighbors=28")
    inspect = ("--report", report, "--explain", item["submissionId"], "--stability", "2")
    keep = ("--save-bertopic", folder / "bertopic")
    process = ask("--once", odd, *change, *inspect, *keep, MODEL_STORE=str(folder / "models"))
    assert process.returncode == 0, told(process)
    return process, report


@pytest.mark.slow
def test_inspecting_does_not_change_the_result(
    batch: Path,
    varied: dict[str, Any],
    inspected: tuple[subprocess.CompletedProcess[bytes], Path],
) -> None:
    """With a report, an explanation and reruns stdout is as without; the page escapes comments, stderr explains one."""
    process, report = inspected
    (document,) = documents_of(process)
    assert document | {"completedAt": varied["completedAt"]} == varied
    assert f"report: {report}" in told(process)
    assert_explained(told(process), json.loads(batch.read_text())["items"][EXPLAINED])
    assert_escaped(report.read_text())


@pytest.mark.slow
def test_stability_is_told(inspected: tuple[subprocess.CompletedProcess[bytes], Path]) -> None:
    """Each topic has its figure in the table, and all topics one line, on the terminal and in the report."""
    process, report = inspected
    line = (
        "stability: 2 reruns, each without other 1 of 30 comments, agree with these topics by an adjusted Rand index "
        "of 1.00; no topic falls apart"
    )
    assert line in told(process)
    for row in (r"0 +20 +66\.7%", r"1 +10 +33\.3%"):
        assert re.search(rf"^ +{row} +1\.00 ", told(process), re.MULTILINE)
    assert re.search(r"  stability +\d+\.\d\d s  reruns=2, left_out=1, ari=1", told(process))
    assert line in report.read_text()
    assert len(re.findall(r'<td class="number">1\.00</td>\s*<td>', report.read_text())) == 2


def assert_explained(lines: str, item: dict[str, Any]) -> None:
    """Topic, cluster, alternatives and neighbors of a comment are told, with its words."""
    assert f"explain {item['submissionId']}: {item['text']}" in lines
    assert re.search(r"  topic \d \(.+\), probability 0\.\d{4}", lines)
    assert re.search(r"  core member of cluster \d+ \(\d+ comments\) with strength \d\.\d\d, which is the topic", lines)
    assert "nearest comments" in lines
    assert re.search(r"\d+ of 20", lines)


def assert_escaped(page: str) -> None:
    """A comment that holds tags is text in the page, in its tables as in its data."""
    assert NASTY not in page
    assert "<script>document.title" not in page
    assert "<img src=x" not in page
    assert page.count("</script>") == 2
    assert "\\u003c/script\\u003e\\u003cscript\\u003edocument.title" in page
    assert not re.search(r"""(?:src|href)=["']?https?:""", page.split('<script type="application/json"', maxsplit=1)[0])


def test_explain_an_outlier_and_a_zero_vector() -> None:
    """An outlier is told what kept it out, a zero vector that it is one."""
    envelope = themed_envelope(**SMALL, reduce_outliers=False, min_topic_size=5)
    ids = [item["submissionId"] for item in envelope["items"]]
    envelope["items"][0]["embedding"] = [0] * 768
    session = session_of(envelope)
    assert explain(session, ids[0]).lines == (
        "outlier: its embedding is the zero vector, so it was left out of the clustering",
    )
    # Whatever was clustered: one document that its cluster does not want.
    fit, diagnostics = session.fit, session.fit.diagnostics
    assert diagnostics is not None
    for array in (fit.labels, diagnostics.core, diagnostics.clusters):
        array[0] = -1
    lines = explain(session, ids[1]).lines
    assert lines[0].startswith("outlier: ")
    assert lines[1] == "HDBSCAN put it into no cluster: too few comments are close to it"


def test_what_is_said_of_the_neighbors_agrees_with_their_table() -> None:
    """A placed comment's share is that of its votes before others were placed, which the table counts."""
    session = session_of(themed_envelope(**SMALL))
    fit, diagnostics = session.fit, session.fit.diagnostics
    assert diagnostics is not None
    near = diagnostics.neighbors[0]
    # Six neighbors voted; what was placed afterwards went the other way.
    diagnostics.core[[0, *near]], fit.labels[near] = -1, 1
    diagnostics.core[near[:6]] = fit.labels[near[:6]] = [0, 0, 0, 0, 1, 2]
    fit.labels[0] = 0
    explained = explain(session, session.batch.submission_ids[0])
    # Four of six, 1, .631, .5 and .431 of 3.305 in weight.
    assert "topic 0 had 78% of the votes of its 6 clustered neighbors" in explained.lines[2]
    assert [(line.topic, line.before, line.after) for line in explained.topics] == [
        (0, 4, 4),
        (1, 1, len(near) - 5),
        (2, 1, 1),
    ]
    told_to = io.StringIO()
    show_explanation(Terminal(told_to), explained)
    assert re.search(rf"0 +4 of 6 +4 of {len(near)} ", told_to.getvalue())


def test_a_line_is_one_line() -> None:
    """Whatever a path or a comment in it holds."""
    told_to = io.StringIO()
    Terminal(told_to).say("report: a\nb\x1b[31m.html")
    Terminal(told_to).warn("a\nb")
    assert told_to.getvalue() == "report: a b [31m.html\nwarning: a b\n"


@pytest.mark.slow
def test_a_sweep_gives_what_single_runs_give(
    batch: Path,
    plain: dict[str, Any],
    inspected: tuple[subprocess.CompletedProcess[bytes], Path],
    tmp_path: Path,
) -> None:
    """Each value gives the document of a run with it, though neighbors are shared, and its own report and reasons."""
    own = len(plain["topics"])
    asked = json.loads(batch.read_text())["items"][5]["submissionId"]
    inspect = ("--report", tmp_path / "out.html", "--explain", asked)
    sweep = ask("--once", batch, "--set", "umap_n_neighbors=28", "--sweep", f"nr_topics=2,{own}", *inspect)
    assert sweep.returncode == 0, told(sweep)
    assert documents_of(sweep)[:1] == documents_of(inspected[0])
    found = re.search(r"(nr_topics +topics.*)\n.*\n((?: *\d+ .*\n){2})", told(sweep))
    assert found is not None
    assert "silhouette" in found.group(1)
    assert [row.split()[0] for row in found.group(2).splitlines()] == ["2", str(own)]
    names = [f"out.nr_topics={n}.html" for n in (2, own)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names, "out.html"])
    compared = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert all(f'<a href="{quote(name)}">' in compared for name in names)
    assert "default-src 'none'" in compared
    assert "<script" not in compared
    assert re.search(rf'topics</th><td class="number">2</td><td class="number">{own}</td>', compared)
    for n, rest in zip((2, own), re.split(r"^nr_topics=\d+:$", told(sweep), flags=re.MULTILINE)[1:], strict=True):
        assert f"explain {asked}" in rest
        assert f"report: {tmp_path}/out.nr_topics={n}.html" in rest
        page = (tmp_path / f"out.nr_topics={n}.html").read_text(encoding="utf-8")
        assert f"<code>nr_topics</code></th><td>{n}</td><td>command line</td>" in page


def test_a_value_of_a_sweep_may_fail_by_the_contract() -> None:
    """A value that the batch is too small for has a failed document in its place."""
    variants = make_variants(themed_envelope(**SMALL), {}, "min_topic_size", [3000, 5, 40])
    batch, params = variants_to_fit(variants)
    assert batch is not None
    assert [one.min_cluster_size for one in params] == [5]
    results = results_of(variants, (NoTopics.NO_CLUSTERS,), (), datetime.now(UTC))
    first, second, third = (result.document for result in results)
    assert first["error"] == "Received 30 items, need at least 3000 (min_topic_size) for topic modeling"
    assert second["error"] == "BERTopic produced 0 topics"
    assert third["error"] == "Received 30 items, need at least 40 (min_topic_size) for topic modeling"


@pytest.mark.slow
def test_a_sweep_in_which_some_values_fail_has_its_reports(batch: Path, tmp_path: Path) -> None:
    """Only if no value gives topics is it said that there is nothing to report on."""
    nothing = "there are no topics to report or explain"
    report = tmp_path / "out.html"
    some = ask("--once", batch, "--sweep", "min_topic_size=5,3000", "--report", report)
    assert some.returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["out.min_topic_size=5.html"]
    assert nothing not in told(some)
    none = ask("--once", batch, "--sweep", "min_topic_size=3000,4000", "--report", report, **QUICK)
    assert none.returncode == 1
    assert nothing in told(none)


def test_a_swept_value_may_hold_a_slash() -> None:
    """The file of a value is beside the one that was asked for, whatever the value holds."""
    assert path_of("a/out.html", "nr_topics", 20) == "a/out.nr_topics=20.html"
    assert path_of("a/out.html", "aspects", {"b/c": ["d"]}) == "a/out.aspects={'b_c': ['d']}.html"


@pytest.mark.slow
def test_a_batch_whose_name_is_no_utf8(inspected: tuple[subprocess.CompletedProcess[bytes], Path]) -> None:
    """Its report has a title, and its result comes."""
    process, report = inspected
    assert documents_of(process)[0]["status"] == "completed"
    assert f"<title>Topics of {report.parent}/\ufffdjob.json</title>" in report.read_text(encoding="utf-8")


def test_a_report_names_its_source() -> None:
    """A file by its path, a job by its id, and what was piped in by its name, not by a dash."""
    assert source_of(Request(source="a.json")) == "a.json"
    assert source_of(Request(source="-")) == "stdin"
    assert source_of(Request(job_id="x")) == "job x"


def test_a_pipe_is_not_opened_to_try_it(tmp_path: Path) -> None:
    """A pipe without a reader would hang for ever; one with a reader would seem to have ended."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    # In a process of its own: one that hangs can be ended.
    code = "import sys; from worker.replay.files import check_writable; check_writable(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(pipe)], cwd=PROJECT, check=True, timeout=20)
    with pytest.raises(UnwritableFile, match="Is a directory"):
        check_writable(str(tmp_path))
    check_writable(str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_set_overrides_the_batch(inspected: tuple[subprocess.CompletedProcess[bytes], Path]) -> None:
    """The last value of a parameter counts, and is what is told."""
    process, _ = inspected
    assert "nr_topics=2, umap_n_neighbors=28" in told(process)
    assert len(documents_of(process)[0]["topics"]) == 2


@pytest.mark.slow
def test_a_look_at_a_batch_keeps_no_model(inspected: tuple[subprocess.CompletedProcess[bytes], Path]) -> None:
    """A report is no job: it must not change what predictions say."""
    process, report = inspected
    assert "the model is not kept" in told(process)
    assert "model" not in documents_of(process)[0]
    assert not report.with_name("models").exists()


@pytest.mark.slow
def test_bertopic_s_object_is_saved(inspected: tuple[subprocess.CompletedProcess[bytes], Path]) -> None:
    """`--save-bertopic DIR` beside the result, whose numbers the model has."""
    process, report = inspected
    folder = report.with_name("bertopic")
    assert f"BERTopic model saved: {folder}" in told(process)
    model = BERTopic.load(str(folder))
    assert model.topic_labels_[0] == documents_of(process)[0]["topics"][0]["rawLabel"]


@pytest.mark.slow
def test_compare(plain: dict[str, Any], varied: dict[str, Any], tmp_path: Path) -> None:
    """Identical results say so in one line; others show matched topics, moved documents and metrics."""
    left, right = tmp_path / "a.json", tmp_path / "b.json"
    left.write_text(json.dumps(plain))
    right.write_text(json.dumps(varied))
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


@pytest.mark.slow
def test_a_stored_job(batch: Path, redis_server: RedisServer, queue_name: str, ask_here: Call) -> None:
    """A job is taken from Redis in whatever state it is, compared with its result, and left as it was."""
    job_id = "p1--topic-model"
    settings = {
        **QUICK,
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
        done = ask_here("--once", "--job", job_id, **settings)
        assert "stored and here are identical (but for completedAt and version)" in told(done).splitlines()
        # What BullMQ leaves of an attempt before: the job is completed all the same.
        client.hset(key, mapping={"failedReason": "CUDA out of memory", "atm": "2"})
        assert f"job {job_id}: completed after 2 attempts" in told(ask_here("--once", "--job", job_id, **settings))
        client.hdel(key, "returnvalue")
        assert f"{job_id}: failed after 2 attempts: CUDA out of memory" in told(
            ask_here("--once", "--job", job_id, **settings)
        )
        client.hdel(key, "finishedOn")
        client.hset(key, "atm", "1")
        again = told(ask_here("--once", "--job", job_id, **settings))
        assert f"{job_id}: to be tried again after 1 attempt: CUDA out of memory" in again
        client.hdel(key, "failedReason", "atm")
        client.hset(key, mapping={"returnvalue": json.dumps(document), "finishedOn": "1"})
        document["assignments"][0]["topicIndex"] = 1 - document["assignments"][0]["topicIndex"]
        client.hset(key, "returnvalue", json.dumps(document))
        moved = ask_here("--once", "--job", job_id, **settings)
        assert "stored and here differ: 1 documents in another topic" in told(moved)
        client.hset(key, "returnvalue", '{"something": "else"}')
        assert "is not a result document" in told(ask_here("--once", "--job", job_id, **settings))
        client.hset(key, "returnvalue", before["returnvalue"])
        assert client.hgetall(key) == before
    missing = refusal(ask_here("--once", "--job", "none", **settings))
    assert missing.startswith(f"no job none in queue {queue_name} (prefix faculytics:bull) at {redis_server.url}")
    assert refusal(ask_here("--once", "--job", "meta", **settings)).startswith("no job meta in queue")
    assert refusal(ask_here("--once", "--job", os.fsdecode(b"\xff"), **settings)).startswith("no job   in queue")


def test_redis_is_away() -> None:
    """A Redis that does not answer is an infrastructure error in one line, without the password."""
    process = ask("--once", "--job", "x", REDIS_URL="redis://user:secret@127.0.0.1:1")
    assert process.returncode == 3
    line = told(process).splitlines()[-1]
    assert line.startswith("python -m worker: Redis at redis://127.0.0.1:1 does not answer: nothing listens there")


@pytest.mark.slow
def test_a_saved_job_reproduces(batch: Path, tmp_path: Path, ask_here: Call) -> None:
    """What is saved is the envelope as taken, overrides left out, and gives the same bytes each time."""
    saved, again = tmp_path / "out.json.gz", tmp_path / "again.json.gz"
    assert ask_here("--once", batch, "--save-job", saved, "--set", "nr_topics=2", **QUICK).returncode == 0
    assert json.loads(gzip.decompress(saved.read_bytes())) == json.loads(batch.read_text())
    assert ask_here("--once", saved, "--save-job", again, **QUICK).returncode == 0
    assert saved.read_bytes() == again.read_bytes()


@pytest.mark.slow
def test_a_redacted_job_reproduces_without_a_word() -> None:
    """The real example gives the same topics from pseudonyms, of which none is a word of a comment."""
    envelope = json.loads(gzip.decompress(EXAMPLE.read_bytes()))
    envelope["params"] = {"aspects": {"order": ["late", "absent"], "hearing": ["voice"]}}
    pseudonymous = redacted(envelope)
    ours, theirs = session_of(envelope).document, session_of(pseudonymous).document
    assert ours["assignments"] == theirs["assignments"]
    assert ours["metrics"] == theirs["metrics"]
    assert ours["aspectMapping"] == theirs["aspectMapping"]
    words = {word for item in envelope["items"] for word in tokenize(item["text"])}
    left = {word for item in pseudonymous["items"] for word in tokenize(item["text"])}
    assert len(left) == len(words)
    assert not left & words
    assert all(not re.search("[1-9]", item["text"].split(" ", 1)[1]) for item in pseudonymous["items"])


@pytest.mark.slow
def test_a_redacted_job_with_the_built_in_aspects_reproduces() -> None:
    """Their seeds are written out as pseudonyms, under their names: English ones would match nothing."""
    envelope = json.loads(gzip.decompress(EXAMPLE.read_bytes()))
    envelope["params"] = {"tier1_guided": True, "match_threshold": 0.3}
    pseudonymous = redacted(envelope)
    assert pseudonymous["params"]["aspects"].keys() == ACADEMIC_ASPECTS.keys()
    ours, theirs = session_of(envelope).document, session_of(pseudonymous).document
    assert ours["aspectMapping"] == theirs["aspectMapping"]
    assert len({aspect["aspect"] for aspect in ours["aspectMapping"].values()} - {"emergent", "outlier"}) > 3
    off = redacted(envelope | {"params": {"tier1_guided": False}})
    assert off["params"] == {"tier1_guided": False}


@pytest.mark.slow
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
        (["--once", "{batch}", "--redact"], "--redact changes what --save-job writes"),
        (["--once", "{batch}", "--sweep", "nr_topics=2,3", "--explain", "x"], "--explain x: no item of the batch"),
        (["--once", "{batch}", "--sweep", "nr_topics=2,3", "--save-bertopic", "x"], "--save-bertopic saves one model"),
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
        (
            ["--once", "{batch}", "--sweep", "umap_n_neighbors=20,5000"],
            "--sweep umap_n_neighbors=5000: umap_n_neighbors: must be at most 200",
        ),
        (
            ["--once", "{batch}", "--set", "nr_topics=two"],
            "--set nr_topics=two: two is not a number, true, false",
        ),
        (["--once", "{batch}", "--sweep", "nr_topics=2,,3"], "--sweep nr_topics=: write it as NAME=VALUE"),
        (["--once", "{batch}", "--stability", "1"], "--stability takes a number of reruns, at least 2"),
        (["--stability", "5"], "--stability goes with --once"),
        (["--once", "{batch}", "--explain", "nobody"], "--explain nobody: no item of the batch has this submissionId"),
        (["--once", "{batch}", "--save-job", "{batch}"], "{batch} is the batch file itself and would be overwritten"),
        (
            ["--once", "{batch}", "--save-job", "{batch}/../{name}"],
            "{batch}/../{name} is the batch file itself",
        ),
        (["--once", "{batch}", "--report", "{link}"], "{link} is the batch file itself and would be overwritten"),
        (
            ["--once", "{batch}", "--report", "x.html", "--save-job", "./x.html"],
            "--report and --save-job name the same",
        ),
        (["--once", "{batch}", "--save-job", "/nowhere/x"], "cannot write /nowhere/x: No such file or directory"),
        (["--once", "{batch}", "--report", "/nowhere/x"], "cannot write /nowhere/x: No such file or directory"),
        (["--once", "{batch}", "--report", "/"], "cannot write /: Is a directory"),
        (["--once", "{batch}", "--sweep", "nr_topics=2", "--report", "/"], "cannot write /: it names no file; write"),
        (["--once", "{batch}", "--sweep", "nr_topics=2", "--report", "."], "cannot write .: it names no file"),
        (["--once", "{batch}", "--sweep", "nr_topics=2", "--report", ".."], "cannot write ..: it names no file"),
        (["--once", "{batch}", "--sweep", "nr_topics=2", "--report", "x/"], "cannot write x/: it names no file"),
        (["--once", "a\nb\x1b[31m.json"], "cannot read a b [31m.json: No such file or directory"),
        (["--once", "{batch}", "--explain", "a\n\x1b[31mb"], "--explain a  [31mb: no item of the batch has this"),
        (["--once", "{batch}", "--set", "a\nb"], "--set a b: write it as NAME=VALUE"),
        (["--job", ""], "--job goes with --once"),
        (["--once", "--job", ""], "--job is empty; is a shell variable not set?"),
        (["--once", "{batch}", "--report", "", "--sweep", "nr_topics=2"], "--report is empty"),
        (["--schema", "--compare", "a", "b"], "--schema stands alone"),
        (["--warm-up", "--report", "x.html"], "--warm-up stands alone"),
        (["--compare", "{batch}", "{batch}"], "{batch} is not a result document"),
        (["--compare", "/nowhere/x", "{batch}"], "cannot read /nowhere/x: No such file or directory"),
        (["--once", "{batch}", "--compare", "a", "b"], "--compare A B stands alone"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    arguments: list[str], message: str, batch: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Flags that contradict each other, and values that cannot be meant, exit 2 with one line."""
    link = batch.with_name("link.json")
    if not link.exists():
        link.symlink_to(batch)
    names = {"{batch}/..": str(batch.parent), "{batch}": str(batch), "{name}": batch.name, "{link}": str(link)}

    def named(text: str) -> str:
        for placeholder, name in names.items():
            text = text.replace(placeholder, name)
        return text

    before = batch.read_bytes()
    assert main([named(argument) for argument in arguments]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    last = shown.err.splitlines()[-1]
    assert last.startswith("python -m worker: " + named(message))
    assert last.isprintable()
    assert batch.read_bytes() == before


def test_help_has_an_example_of_each_flag() -> None:
    """Every flag is documented with an example of its own."""
    helps = {action.option_strings[-1]: action.help or "" for action in make_parser()._actions if action.option_strings}
    assert len(helps) == 18
    for flag in helps.keys() - {"--help"}:
        assert re.search(rf"e\.g\. .*{flag}", helps[flag]), flag


def test_a_redacted_envelope_keeps_no_words_in_odd_places() -> None:
    """Not in parameters, ids or types of a wrong kind; what was wrong stays wrong, and what was right, right."""
    maria = "Maria Santos"
    envelope = themed_envelope(**SMALL) | {"type": maria, "jobId": [maria]}
    envelope["items"][1]["submissionId"] = [maria]
    envelope["metadata"]["runId"] = {"t": maria}
    for params in (
        {"note": maria, "nr_topics": 4, "aspects": {"a": maria, "b": ["late", maria], "c": [3, maria]}},
        {"aspects": [maria], "min_topic_size": maria, "umap_n_neighbors": [maria]},
        maria,
        [maria],
    ):
        saved = redacted(envelope | {"params": params})
        text = json.dumps(saved)
        assert "Maria" not in text
        assert "Santos" not in text
        assert isinstance(read_envelope(saved), Rejection)
    kept = redacted(themed_envelope(**SMALL) | {"params": {"nr_topics": 4, "reduce_outliers": False, "aspects": None}})
    assert kept["params"] == {"nr_topics": 4, "reduce_outliers": False, "aspects": None}


def result(**changed: object) -> dict[str, Any]:
    """Give a small result document."""
    document: dict[str, Any] = {
        "status": "completed",
        "topics": [{"topicIndex": 0, "keywords": ["late", "absent"]}, {"topicIndex": 1, "keywords": ["voice"]}],
        "assignments": [
            {"submissionId": name, "topicIndex": i % 2, "probability": 0.5} for i, name in enumerate("abcd")
        ],
        "metrics": {"npmi_coherence": 0.1},
    }
    return document | changed


def test_two_results_that_differ_are_told_in_what() -> None:
    """The order of the items is no difference; any other one has a name."""
    assert compare(result(), result(assignments=result()["assignments"][::-1])).identical
    same_topics = "A and B differ: the same documents in the same topics"
    for changed in (
        {"aspectMapping": [1]},
        {"metrics": {"npmi_coherence": 0.2}},
        {"topics": [{**topic, "docCount": 7} for topic in result()["topics"]]},
    ):
        (field,) = changed
        assert compare(result(), result(**changed)).lines("A", "B") == [same_topics, f"what differs: {field}"]
    fewer = compare(result(), result(assignments=result()["assignments"][:3]))
    assert fewer.lines("A", "B") == [
        "A and B differ: 0 documents in another topic, 0 only in a topic of B, 1 only in a topic of A"
    ]


@pytest.mark.parametrize(
    "changed",
    [
        {"metrics": {"npmi_coherence": 10**400}},
        {"metrics": {"npmi_coherence": float("nan")}},
        {"assignments": [{"submissionId": ["a"], "topicIndex": 0, "probability": 0.5}]},
        {"assignments": [{"submissionId": "a", "topicIndex": 7, "probability": 0.5}]},
        {"topics": [{"topicIndex": 0, "keywords": [{}]}]},
    ],
)
def test_what_is_no_result_is_not_compared(changed: dict[str, Any]) -> None:
    """Ids that are no strings, numbers that are none, topics that are not there."""
    with pytest.raises(UnreadableFile, match="is not a result document"):
        checked_result(result(**changed), "x")


def test_an_error_in_a_result_is_one_line() -> None:
    """Whatever it holds."""
    failed = {"status": "failed", "error": "too\nfew\x1b[31m"}
    (line,) = compare(result(), failed).lines("A", "B")
    assert line == "the second failed: too few [31m"


def test_explain_in_a_result_of_one_topic() -> None:
    """There is no other one to be nearer to."""
    session = session_of(themed_envelope(**SMALL) | {"params": {"nr_topics": 1}})
    assert len(session.fit.topics) == 1
    lines = explain(session, session.batch.submission_ids[0]).lines
    assert not [line for line in lines if "nearer" in line or "as near" in line]


def test_the_topic_that_won_is_named() -> None:
    """Topics are renumbered after placing; the placing itself is what is told."""
    envelope = themed_envelope(**SMALL)
    session = session_of(envelope)
    diagnostics = session.fit.diagnostics
    assert diagnostics is not None
    core = diagnostics.core.copy()
    around = diagnostics.neighbors[0]
    core[around], core[around[:4]], core[around[4:8]] = -1, 0, 1
    near = replace(diagnostics, core=core)
    assert vote_on(near, 0).best == 0
    other = vote_on(near, 0, placed_in=1)
    assert (other.best, other.n_best, round(other.share, 3)) == (1, 4, 0.352)


@pytest.mark.slow
@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 1>&- 2>&-"])
def test_a_closed_stream_is_no_traceback(closed: str, batch: Path, tmp_path: Path) -> None:
    """What nobody can read goes nowhere."""
    out, err = tmp_path / "out", tmp_path / "err"
    command = f'"{sys.executable}" -m worker --once "{batch}" >"{out}" 2>"{err}" {closed}'
    done = subprocess.run(["sh", "-c", command], cwd=PROJECT, env=os.environ | QUICK, check=False, timeout=120)
    assert done.returncode == 0
    assert "Traceback" not in err.read_text(encoding="utf-8")
    if "1>" not in closed:
        assert json.loads(out.read_text(encoding="utf-8"))["status"] == "completed"

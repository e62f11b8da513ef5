"""`python -m worker --once` judged from outside: stdout, stderr, exit code."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.contract.envelopes import SENTINEL_NUMBER, SENTINEL_TEXT, make_envelope
from tests.replay.conftest import Call
from tests.replay.processes import ENVELOPE, assert_one_line, environment_with, result_of, run, write

SHAPES = {
    "envelope": ENVELOPE,
    "runpod": {"id": "request-1", "input": ENVELOPE},
    "bullmq dump": {"name": "topic-model", "data": ENVELOPE, "opts": {"attempts": 3}},
    "redis hash": {"name": "topic-model", "data": json.dumps(ENVELOPE), "opts": "{}"},
    "dump without opts": {"name": "topic-model", "data": ENVELOPE},
    "dump without name": {"data": json.dumps(ENVELOPE), "opts": {}},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_a_batch_completes(shape: str, tmp_path: Path, environment: dict[str, str], call: Call) -> None:
    """An envelope is found in whatever it is wrapped; the bare one by a process of its own."""
    start = run if shape == "envelope" else call
    process = start("--once", write(tmp_path / "job.json", SHAPES[shape]), env=environment)
    assert process.returncode == 0, process.stderr.decode()
    document = result_of(process)
    assert document["status"] == "completed"
    assert [topic["docCount"] for topic in document["topics"]] == [10, 9]
    assert document["topics"][0]["rawLabel"] == "0_señor_fast_rushed pace_speed"
    assert document["outlierCount"] == 1


@pytest.mark.parametrize("name", ["job.json.gz", "job.json"])
def test_gzip_is_recognised_by_its_bytes(name: str, tmp_path: Path, environment: dict[str, str], call: Call) -> None:
    """A compressed file is read whatever it is called."""
    path = tmp_path / name
    path.write_bytes(gzip.compress(json.dumps(ENVELOPE).encode()))
    assert call("--once", str(path), env=environment).returncode == 0


def test_people_read_stderr(tmp_path: Path, environment: dict[str, str]) -> None:
    """Stages, parameters, encoder, topics, metrics and warnings are told, and no comment."""
    envelope = make_envelope(20)
    envelope["items"][4]["embedding"] = [0] * 768
    process = run("--once", write(tmp_path / "job.json", envelope), env=environment)
    assert process.returncode == 0, process.stderr.decode()
    told = process.stderr.decode()
    for words in [
        "validate",
        "neighbours     0.25 s  n_documents=19",
        "warning: 1 of 20 embeddings is a zero vector, set aside: it counts as an outlier",
        "device: cpu",
        "keywords ranked with: corpus",
        "parameters: min_cluster_size=15, min_dist=0",
        "señor, fast, rushed pace, speed, late",
        "grade, fair",
        "npmi_coherence=0.15",
        "outlier_ratio=0.1",
        "outliers: 2 of 20 items",
        "completed in",
    ]:
        assert words in told
    rows = [line.split()[:3] for line in told.splitlines() if "%" in line]
    assert rows == [["0", "9", "45.0%"], ["1", "9", "45.0%"]]
    assert SENTINEL_TEXT not in told
    assert str(SENTINEL_NUMBER) not in told


@pytest.mark.parametrize(
    ("document", "error"),
    [
        (make_envelope(8), "Received 8 items, need at least 15 (min_topic_size)"),
        ({"input": make_envelope(0)}, "Received 0 items"),
        ({}, "Invalid envelope: items: is required"),
        ([1], "Invalid envelope: job.data: must be an object"),
        ("envelope", "Invalid envelope: job.data: must be an object"),
        ({"name": "topic-model", "data": None}, "Invalid envelope: job.data: must be an object"),
        (make_envelope(version="2.0"), "Invalid envelope: version: must have the major version 1"),
    ],
)
def test_failed_by_the_contract(
    document: Any, error: str, tmp_path: Path, environment: dict[str, str], call: Call
) -> None:
    """Bad data exits 1 with the failed document on stdout, and says why on stderr."""
    process = call("--once", write(tmp_path / "job.json", document), env=environment)
    assert process.returncode == 1
    failed = result_of(process)
    assert list(failed) == ["version", "status", "error", "completedAt"]
    assert failed["error"].startswith(error)
    assert f"failed: {error}" in process.stderr.decode()


@pytest.mark.parametrize(
    ("engine", "error"),
    [
        ("no_clusters", "BERTopic produced 0 topics"),
        ("no_keywords", "No keywords: the texts hold only stop words, symbols or digits"),
    ],
)
def test_no_topics_is_a_failure_by_the_contract(engine: str, error: str, tmp_path: Path, call: Call) -> None:
    """A batch without topics exits 1 with the contract's message."""
    path = write(tmp_path / "job.json", ENVELOPE)
    process = call("--once", path, env=environment_with(engine))
    assert process.returncode == 1
    assert result_of(process)["error"] == error


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "{path} is not JSON: Expecting value"),
        (b"items: []", "{path} is not JSON: Expecting value"),
        (b'{"items": [', "{path} is not JSON: Expecting value"),
        (b'{"items": "\xff"}', "{path} is not JSON: it is not UTF-8 text"),
        (b"[" * 100_000, "{path} is not JSON this worker reads: nested too deeply"),
        (b"9" * 5_000, "{path} is not JSON: Exceeds the limit"),
        (b"\x1f\x8bbroken", "cannot read {path}: "),
        (gzip.compress(b"{}" * 9_999)[:-20], "cannot read {path}: the gzip stream is damaged"),
        (b'{"name": "x", "data": "{"}', "{path} is not JSON: Expecting property name"),
    ],
    ids=["empty", "yaml", "cut", "latin-1", "deep", "digits", "no-gzip", "cut-gzip", "data"],
)
def test_unreadable_file(content: bytes, message: str, tmp_path: Path, environment: dict[str, str], call: Call) -> None:
    """A file that holds no JSON exits 2 with one line, and no document."""
    path = tmp_path / "job.json"
    path.write_bytes(content)
    process = call("--once", str(path), env=environment)
    assert process.returncode == 2
    assert_one_line(process, message.format(path=path))


def test_missing_file_and_directory(tmp_path: Path, environment: dict[str, str], call: Call) -> None:
    """A path that cannot be opened exits 2 with the reason."""
    process = call("--once", str(tmp_path / "none.json"), env=environment)
    assert process.returncode == 2
    assert_one_line(process, f"cannot read {tmp_path}/none.json: No such file or directory")
    process = call("--once", str(tmp_path), env=environment)
    assert process.returncode == 2
    assert_one_line(process, f"cannot read {tmp_path}: Is a directory")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--once"], "argument --once: expected FILE, or --job ID"),
        (["job.json"], "unrecognized arguments: job.json"),
        (["--frobnicate", "a\nb\x1b[31m"], "unrecognized arguments: --frobnicate a b [31m"),
        (["--schema", "--warm-up"], "argument --warm-up: not allowed with argument --schema"),
    ],
)
def test_bad_usage(arguments: list[str], message: str, environment: dict[str, str]) -> None:
    """Bad usage exits 2 with one line, which names the help."""
    process = run(*arguments, env=environment)
    assert process.returncode == 2
    assert process.stdout == b""
    assert process.stderr.decode() == f"python -m worker: {message}; see --help\n"


def test_bad_setting(tmp_path: Path) -> None:
    """A setting the worker cannot start with exits 2 and names the variable."""
    path = write(tmp_path / "job.json", ENVELOPE)
    process = run("--once", path, env=environment_with("two_topics", DEVICE="abacus"))
    assert process.returncode == 2
    assert process.stdout == b""
    assert b"DEVICE" in process.stderr.splitlines()[-1]
    assert b"Traceback" not in process.stderr


def test_infrastructure_error(tmp_path: Path) -> None:
    """An engine that raises exits 3 with one line that quotes no comment."""
    process = run("--once", write(tmp_path / "job.json", ENVELOPE), env=environment_with("raises"))
    assert process.returncode == 3
    assert_one_line(process, "")
    assert "ValueError" in process.stderr.decode()
    assert SENTINEL_TEXT not in process.stderr.decode()


@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_and_version_need_nothing_heavy(flag: str, environment: dict[str, str]) -> None:
    """Help and version answer before anything slow is imported."""
    env = {**environment, "PYTHONPROFILEIMPORTTIME": "1", "DEVICE": "abacus"}
    process = run(flag, env=env)
    assert process.returncode == 0
    imported = {line.split("|")[-1].strip() for line in process.stderr.decode().splitlines()}
    assert not imported & {"numpy", "pydantic", "bullmq", "redis", "rich", "structlog", "torch"}
    shown = process.stdout.decode()
    words = "topic-model-worker 1." if flag == "--version" else "e.g. --once job.json"
    assert words in shown


def test_parent_never_imports_the_engine(tmp_path: Path, environment: dict[str, str]) -> None:
    """A replay that fails at the envelope has not loaded torch and its like."""
    env = {**environment, "PYTHONPROFILEIMPORTTIME": "1"}
    process = run("--once", write(tmp_path / "job.json", {}), env=env)
    assert process.returncode == 1
    imported = {line.split("|")[-1].strip() for line in process.stderr.decode().splitlines()}
    assert "numpy" in imported
    assert not imported & {"torch", "bertopic", "sklearn", "scipy", "umap", "hdbscan"}


@pytest.mark.slow
def test_warm_up_says_what_it_runs_on(environment: dict[str, str]) -> None:
    """For an image's build: exit code 0, nothing on stdout, the device on stderr."""
    process = run("--warm-up", env=environment)
    assert process.returncode == 0, process.stderr.decode()
    assert process.stdout == b""
    assert b"device: cpu" in process.stderr
    assert b"warm after" in process.stderr

"""One look at a batch with all flags, and what stands on the terminal, through real processes."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.processes import PROJECT
from tests.replay.commands import documents_of, told
from tests.replay.small_batch import EXPLAINED, NASTY, QUICK
from worker.replay.files import UnwritableFile, check_writable
from worker.replay.request import Request
from worker.replay.session import source_of
from worker.replay.terminal import Terminal
from worker.topics.bertopic.parts import BERTopic


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


def test_a_line_is_one_line() -> None:
    """Whatever a path or a comment in it holds."""
    told_to = io.StringIO()
    Terminal(told_to).say("report: a\nb\x1b[31m.html")
    Terminal(told_to).warn("a\nb")
    assert told_to.getvalue() == "report: a b [31m.html\nwarning: a b\n"


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

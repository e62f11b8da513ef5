"""What cannot be done with a table is refused in one line, before anything is computed."""

from pathlib import Path
from typing import Any

import pytest

REFUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "no such column": (("train", "a.csv", "--text", "foo"), "a.csv has no column foo; it has when, what"),
    "no obvious column": (("train", "a.csv"), "a.csv: which column holds the comments? It has when, what"),
    "--once, no obvious column": (("--once", "a.csv"), "a.csv: which column holds the comments? It has when, what"),
    "no file": (("predict", "c.csv", "--tenant", "x"), "there is no model of x in"),
    "no model": (("monitor", "a.csv"), "there is no model of default in"),
    "a tenant's name": (("train", "a.csv", "--tenant", "Campus 3"), "'Campus 3' cannot be a tenant"),
    "a format": (("train", "a.csv", "--out", "x.xlsx"), "--out x.xlsx: a name that ends in .csv"),
    "the table itself": (
        ("train", "a.csv", "--out", "./a.csv"),
        "./a.csv is the table itself",
    ),
    "one file for two results": (
        ("train", "a.csv", "--out", "b.csv", "--report", "./b.csv"),
        "./b.csv is given twice: one result would overwrite the other",
    ),
    "one setting twice": (
        ("tune", "a.csv", "--grid", "nr_topics=5", "--grid", "nr_topics=10"),
        "--grid nr_topics is given twice: write all its values at once, as --grid nr_topics=V,V,V",
    ),
    "no value to try": (
        ("tune", "a.csv", "--grid", "nr_topics=null,5"),
        "--grid: nr_topics: must be an array of 1 to 20 integers",
    ),
    "what cannot be tried": (
        ("tune", "a.csv", "--grid", "neutralize=true,false"),
        "--grid: must be an object with some of nr_topics, min_topic_size",
    ),
    "a title without a report": (
        ("train", "a.csv", "--report-title", "Spring"),
        "--report-title is for the report: add --report out.html",
    ),
    "no such facet": (
        ("train", "a.csv", "--text", "what", "--report", "out.html", "--facet", "teacher"),
        "a.csv has no column teacher; it has when, what",
    ),
    "a column that tells no mood": (
        ("train", "a.csv", "--text", "what", "--report", "out.html", "--sentiment", "when"),
        "--sentiment when: write positive or negative, a number from -1 to 1, or stars",
    ),
    "a facet of the contract's": (
        ("train", "b.csv", "--report", "out.html", "--facet", "text"),
        "--facet text: that is what the contract has; name a key of your own",
    ),
    "a facet without a value": (
        ("train", "b.csv", "--report", "out.html", "--facet", "about"),
        "--facet about: no comment has a value there; name another one",
    ),
    "--once, a column that tells no mood": (
        ("--once", "b.csv", "--report", "out.html", "--sentiment", "when"),
        "--sentiment when: write positive or negative, a number from -1 to 1, or stars",
    ),
    "--once, no such comment": (
        ("--once", "b.csv", "--set", "min_topic_size=2", "--explain", "nobody"),
        "--explain nobody: no item of the batch has this submissionId",
    ),
    "--once, a report that cannot be written": (
        ("--once", "b.csv", "--report", "nowhere/out.html"),
        "cannot write nowhere/out.html: No such file or directory",
    ),
    "--once, a job that cannot be saved": (
        ("--once", "b.csv", "--save-job", "nowhere/job.json"),
        "cannot write nowhere/job.json: No such file or directory",
    ),
    "no label": (
        ("evaluate", "b.csv", "--label", "about"),
        "--label about: this column is empty; name one with what comments are about",
    ),
    "a version of no tenant": (
        ("evaluate", "b.csv", "--version", "20260309_021500"),
        "--version is of a kept model: add --tenant T; without it the topics of the file are found",
    ),
    "trials as rows": (
        ("tune", "b.csv", "--out", "trials.csv"),
        "--out trials.csv: trials are written as JSON: a name that ends in .json",
    ),
    "an empty facet": (
        ("train", "a.csv", "--report", "out.html", "--facet", ""),
        "--facet is empty; is a shell variable not set?",
    ),
    "an empty flag": (("train", "a.csv", "--text", ""), "--text is empty; is a shell variable not set?"),
    "a parameter": (("train", "a.csv", "--set", "topics=3"), "--set topics=3: there is no parameter topics"),
    "JSON that is a table": (("--once", "a.txt"), "a.txt is not JSON: Expecting value"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_done_is_refused_in_one_line(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is computed, with what to do: there is no model that could embed, and nobody is told of it."""
    from worker.cli.main import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHON_DOTENV_DISABLED", "1")
    monkeypatch.setenv("LABSE_MODEL", "nowhere/model")
    for name in ("a.csv", "a.txt"):
        (tmp_path / name).write_text("when,what\nnow,this\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("text,when,about\nthis,now,\nthat,then,\n", encoding="utf-8")
    arguments, message = REFUSED[case]
    code: Any = main(list(arguments))
    told = capsys.readouterr()
    assert code == 2
    assert told.out == ""
    assert told.err.splitlines()[-1].startswith(f"python -m worker: {message}")


def test_json_that_is_a_table_is_told_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A person who gives a table by another name would else read "Expecting value" and nothing more."""
    from worker.cli.main import main

    (tmp_path / "a.txt").write_text("when,what\nnow,this\n", encoding="utf-8")
    main(["--once", str(tmp_path / "a.txt")])
    assert "its name must end in .csv, .tsv, .jsonl or .parquet" in capsys.readouterr().err

"""The flags of `--once`: what goes with what, and what is said of those that do not."""

import re
from pathlib import Path

import pytest

from worker.cli.flags import make_parser
from worker.cli.main import main


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

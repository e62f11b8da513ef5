"""`--compare` and `--job`: print how two results differ."""

import sys

from rich.text import Text

from worker.exit_codes import ExitCode
from worker.replay.continuity import continuity_lines
from worker.replay.differences import Comparison, compare
from worker.replay.files import read_result_file
from worker.replay.result_document import checked_result
from worker.replay.terminal import Terminal, new_table


def compare_files(left: str, right: str) -> ExitCode:
    """Compare two result files and describe the difference on stderr.

    Raises:
        UnreadableFile: one of them cannot be read or is not a result document.
    """
    documents = [checked_result(read_result_file(path), path) for path in (left, right)]
    terminal = Terminal(sys.stderr)
    comparison = compare(*documents)
    if comparison.identical:
        show_comparison(terminal, comparison, left, right)
    else:
        terminal.say(f"A: {left}")
        terminal.say(f"B: {right}")
        show_comparison(terminal, comparison, "A", "B")
    for name, document in zip((left, right), documents, strict=True):
        for line in continuity_lines(document):
            terminal.say(f"{name}: {line}")
    return ExitCode.COMPLETED


def show_comparison(terminal: Terminal, comparison: Comparison, left: str, right: str) -> None:
    """Print a comparison, with `left` and `right` as names of the results."""
    for line in comparison.lines(left, right):
        terminal.say(line)
    if comparison.metrics:
        table = new_table(left, right, "change", "metric", numbers=3)
        for name, before, after in comparison.metrics:
            table.add_row(f"{before:.4f}", f"{after:.4f}", f"{after - before:+.4f}", name)
        terminal.show(table)
    if comparison.matches:
        table = new_table("shared", left, right, f"topic in {left}", f"topic in {right}", numbers=3)
        for match in comparison.matches:
            counts = (str(match.shared), str(match.n_left or "-"), str(match.n_right or "-"))
            table.add_row(*counts, Text(_named(match.left)), Text(_named(match.right)))
        terminal.show(table)


def _named(topic: tuple[int, str] | None) -> str:
    return "-" if topic is None else f"{topic[0]} {topic[1]}"

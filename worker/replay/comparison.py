"""`--compare` and `--job`: how two results of the same items differ."""

import sys
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from rich.text import Text

from worker.exit_codes import ExitCode
from worker.printable import printable
from worker.replay.files import UnreadableFile, read_result_file
from worker.replay.terminal import Terminal, new_table

_N_WORDS: Final = 3
_LABEL_CHARS: Final = 80
_ERROR_CHARS: Final = 240
_LARGEST: Final = 1e300
# When and by which version a result was made is no difference in it.
_NOT_COMPARED: Final = ("completedAt", "version")


@dataclass(frozen=True)
class Match:
    """A topic of one result beside the one of the other that shares most documents with it.

    Attributes:
        left: topicIndex and label; None for a topic that is only on the right.
        right: likewise.
        shared: documents that are in both.
        n_left: documents of the left topic; `n_right` likewise.
    """

    left: tuple[int, str] | None
    right: tuple[int, str] | None
    shared: int
    n_left: int
    n_right: int


@dataclass(frozen=True)
class Comparison:
    """How two results differ.

    Attributes:
        identical: whether they are the same but for time and version.
        failures: a line for each that failed.
        matches: topics, by their documents.
        moved: documents in topics of both results that do not match each other.
        gained: documents that are in a topic on the right alone.
        lost: documents that are in a topic on the left alone.
        metrics: name, left, right.
        changed: what differs otherwise, such as keywords or probabilities.
        fields: names of what is not equal.
    """

    identical: bool
    failures: tuple[str, ...] = ()
    matches: tuple[Match, ...] = ()
    moved: int = 0
    gained: int = 0
    lost: int = 0
    metrics: tuple[tuple[str, float, float], ...] = ()
    changed: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()

    def lines(self, left: str, right: str) -> list[str]:
        """Say it in a few lines; one where the results are identical."""
        if self.identical:
            return [f"{left} and {right} are identical (but for completedAt and version)"]
        if self.failures:
            return list(self.failures)
        same = self.moved + self.gained + self.lost == 0
        documents = (
            "the same documents in the same topics"
            if same
            else (
                f"{self.moved} documents in another topic, {self.gained} only in a topic of {right}, "
                f"{self.lost} only in a topic of {left}"
            )
        )
        changed = self.changed
        if same and not changed:
            changed = (f"what differs: {', '.join(self.fields)}",)
        return [f"{left} and {right} differ: {documents}", *changed]


def compare(left: dict[str, Any], right: dict[str, Any]) -> Comparison:
    """Compare two result documents."""
    if _compared(left) == _compared(right):
        return Comparison(identical=True)
    failures = tuple(
        f"{side} failed: {printable(str(document.get('error')), _ERROR_CHARS)}"
        for side, document in (("the first", left), ("the second", right))
        if document["status"] != "completed"
    )
    if failures:
        return Comparison(identical=False, failures=failures)
    ours, theirs = _topics_by_item(left), _topics_by_item(right)
    overlap = Counter((ours[item], theirs[item]) for item in ours if item in theirs)
    matches = _match(left, right, overlap)
    partner = {match.left[0]: match.right[0] for match in matches if match.left and match.right}
    return Comparison(
        identical=False,
        matches=tuple(matches),
        moved=sum(n for (own, other), n in overlap.items() if partner.get(own) != other),
        gained=len(theirs.keys() - ours.keys()),
        lost=len(ours.keys() - theirs.keys()),
        metrics=tuple(
            (name, value, right["metrics"][name]) for name, value in left["metrics"].items() if name in right["metrics"]
        ),
        changed=tuple(_changed(left, right, partner)),
        fields=tuple(sorted(_differing(_compared(left), _compared(right)))),
    )


def show_comparison(terminal: Terminal, comparison: Comparison, left: str, right: str) -> None:
    """Print a comparison."""
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


def compare_files(left: str, right: str) -> ExitCode:
    """Compare two result files, on stderr.

    Raises:
        UnreadableFile: one of them is no result.
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
    return ExitCode.COMPLETED


def checked_result(document: object, name: str) -> dict[str, Any]:
    """Make sure that a JSON value is a result document.

    Raises:
        UnreadableFile: it is something else; the message says what was looked for.
    """
    if isinstance(document, dict) and (_is_failure(document) or _is_success(document)):
        return document
    raise UnreadableFile(f"{name} is no result document: it has no status with topics, assignments and metrics")


def _is_failure(document: dict[str, Any]) -> bool:
    return document.get("status") == "failed" and isinstance(document.get("error"), str)


def _is_success(document: dict[str, Any]) -> bool:
    match document:
        case {"status": "completed", "topics": list(topics), "assignments": list(items), "metrics": dict(metrics)}:
            known = {topic["topicIndex"] for topic in topics if _is_topic(topic)}
            return (
                all(map(_is_topic, topics))
                and all(_is_assignment(item) and item["topicIndex"] in known for item in items)
                and all(map(_is_finite, metrics.values()))
            )
        case _:
            return False


def _is_topic(topic: object) -> bool:
    match topic:
        case {"topicIndex": int(), "keywords": list(words)}:
            return all(isinstance(word, str) for word in words)
        case _:
            return False


def _is_assignment(item: object) -> bool:
    match item:
        case {"submissionId": str(), "topicIndex": int(), "probability": probability}:
            return _is_finite(probability)
        case _:
            return False


def _is_finite(value: object) -> bool:
    # A comparison, since an int may be too large for a float.
    return type(value) in (int, float) and -_LARGEST < value < _LARGEST  # type: ignore[operator]


def _compared(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is no difference, the order of the items included."""
    kept = {name: value for name, value in document.items() if name not in _NOT_COMPARED}
    if isinstance(kept.get("assignments"), list):
        kept["assignments"] = sorted(kept["assignments"], key=lambda item: (item["submissionId"], item["topicIndex"]))
    return kept


def _differing(left: dict[str, Any], right: dict[str, Any]) -> set[str]:
    return {name for name in left.keys() | right.keys() if left.get(name) != right.get(name)}


def _topics_by_item(document: dict[str, Any]) -> dict[str, int]:
    return {str(item["submissionId"]): int(item["topicIndex"]) for item in document["assignments"]}


def _match(left: dict[str, Any], right: dict[str, Any], overlap: Counter[tuple[int, int]]) -> list[Match]:
    """Pair topics, those that share most documents first, each at most once."""
    ours, theirs = _topics(left), _topics(right)
    free_left, free_right = set(ours), set(theirs)
    matches = []
    for (own, other), shared in sorted(overlap.items(), key=lambda pair: (-pair[1], pair[0])):
        if own in free_left and other in free_right:
            free_left.remove(own)
            free_right.remove(other)
            n_left, n_right = ours[own][1], theirs[other][1]
            matches.append(Match((own, ours[own][0]), (other, theirs[other][0]), shared, n_left, n_right))
    matches.sort(key=lambda match: match.left or (0, ""))
    matches += [Match((own, ours[own][0]), None, 0, ours[own][1], 0) for own in sorted(free_left)]
    matches += [Match(None, (other, theirs[other][0]), 0, 0, theirs[other][1]) for other in sorted(free_right)]
    return matches


def _topics(document: dict[str, Any]) -> dict[int, tuple[str, int]]:
    sizes = Counter(_topics_by_item(document).values())
    return {
        int(topic["topicIndex"]): (
            printable(", ".join(topic["keywords"][:_N_WORDS]), _LABEL_CHARS),
            sizes[int(topic["topicIndex"])],
        )
        for topic in document["topics"]
    }


def _changed(left: dict[str, Any], right: dict[str, Any], partner: dict[int, int]) -> list[str]:
    """Name what differs beside the documents' topics."""
    lines = []
    theirs = {topic["topicIndex"]: topic["keywords"] for topic in right["topics"]}
    renamed = [
        str(topic["topicIndex"])
        for topic in left["topics"]
        if topic["topicIndex"] in partner and theirs[partner[topic["topicIndex"]]] != topic["keywords"]
    ]
    if renamed:
        lines.append(f"other keywords in {len(renamed)} matched topics: {', '.join(renamed)}")
    ours = {item["submissionId"]: item.get("probability", 0.0) for item in left["assignments"]}
    gaps = [
        abs(item.get("probability", 0.0) - ours[item["submissionId"]])
        for item in right["assignments"]
        if item["submissionId"] in ours
    ]
    n_changed = sum(gap > 0 for gap in gaps)
    if n_changed:
        lines.append(f"other probabilities for {n_changed} documents, by {max(gaps):.4f} at most")
    return lines


def _named(topic: tuple[int, str] | None) -> str:
    return "-" if topic is None else f"{topic[0]} {topic[1]}"

"""How two results of the same items differ: topics are matched by the documents they share."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from worker.printable import printable

_N_WORDS: Final = 3
_LABEL_CHARS: Final = 80
_ERROR_CHARS: Final = 240
# The same result may have been made at another time or by another version.
_NOT_COMPARED: Final = ("completedAt", "version")


@dataclass(frozen=True)
class Match:
    """A topic of the left result and the topic of the right result that shares most documents with it.

    Attributes:
        left: topicIndex and label; None for a topic of the right result that has no partner.
        right: topicIndex and label; None for a topic of the left result that has no partner.
        shared: number of documents in both topics.
        n_left: number of documents in the left topic.
        n_right: number of documents in the right topic.
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
        identical: True if they are equal in everything but time and version.
        failures: one line for each of the two results that failed.
        matches: the topics of both results, in pairs.
        moved: number of documents whose two topics are not a pair.
        gained: number of documents that only the right result has in a topic.
        lost: number of documents that only the left result has in a topic.
        metrics: name, left value, right value.
        changed: lines about other keywords and other probabilities.
        fields: names of the fields of the result documents that are not equal.
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
        """Describe the difference in a few lines; in one line if there is none.

        Args:
            left: what to call the left result.
            right: what to call the right result.
        """
        if self.identical:
            return [f"{left} and {right} are identical (but for completedAt and version)"]
        if self.failures:
            return list(self.failures)
        if self.moved + self.gained + self.lost:
            documents = (
                f"{self.moved} documents in another topic, {self.gained} only in a topic of {right}, "
                f"{self.lost} only in a topic of {left}"
            )
            return [f"{left} and {right} differ: {documents}", *self.changed]
        documents = "the same documents in the same topics"
        changed = self.changed or (f"what differs: {', '.join(self.fields)}",)
        return [f"{left} and {right} differ: {documents}", *changed]


def compare(left: dict[str, Any], right: dict[str, Any]) -> Comparison:
    """Compare two result documents that `checked_result` has accepted."""
    left_content, right_content = _content(left), _content(right)
    if left_content == right_content:
        return Comparison(identical=True)
    failures = _failures(left, right)
    if failures:
        return Comparison(identical=False, failures=failures)
    left_topics, right_topics = _topic_by_item(left), _topic_by_item(right)
    overlap = Counter((topic, right_topics[item]) for item, topic in left_topics.items() if item in right_topics)
    matches = _match(_topics(left), _topics(right), overlap)
    partner = {match.left[0]: match.right[0] for match in matches if match.left and match.right}
    metrics = right.get("metrics", {})
    return Comparison(
        identical=False,
        matches=tuple(matches),
        moved=sum(n for (topic, other), n in overlap.items() if partner.get(topic) != other),
        gained=len(right_topics.keys() - left_topics.keys()),
        lost=len(left_topics.keys() - right_topics.keys()),
        metrics=tuple(
            (name, value, metrics[name]) for name, value in left.get("metrics", {}).items() if name in metrics
        ),
        changed=(*_renamed(left, right, partner), *_other_probabilities(left, right)),
        fields=tuple(
            name
            for name in sorted(left_content.keys() | right_content.keys())
            if left_content.get(name) != right_content.get(name)
        ),
    )


def _failures(left: dict[str, Any], right: dict[str, Any]) -> tuple[str, ...]:
    return tuple(
        f"{side} {_end(document)}"
        for side, document in (("the first", left), ("the second", right))
        if document["status"] != "completed"
    )


def _end(document: dict[str, Any]) -> str:
    if document["status"] == "skipped":
        return f"was skipped: {printable(str(document.get('reason')), _ERROR_CHARS)}"
    return f"failed: {printable(str(document.get('error')), _ERROR_CHARS)}"


def _content(document: dict[str, Any]) -> dict[str, Any]:
    """Give the fields that are compared, with the items in one order."""
    content = {name: value for name, value in document.items() if name not in _NOT_COMPARED}
    if isinstance(content.get("assignments"), list):
        content["assignments"] = sorted(
            content["assignments"], key=lambda item: (item["submissionId"], item["topicIndex"])
        )
    return content


def _topic_by_item(document: dict[str, Any]) -> dict[str, int]:
    return {str(item["submissionId"]): int(item["topicIndex"]) for item in document["assignments"]}


def _topics(document: dict[str, Any]) -> dict[int, tuple[str, int]]:
    """Give the label and the number of documents of each topic."""
    sizes = Counter(_topic_by_item(document).values())
    return {
        int(topic["topicIndex"]): (
            printable(", ".join(topic["keywords"][:_N_WORDS]), _LABEL_CHARS),
            sizes[int(topic["topicIndex"])],
        )
        for topic in document["topics"]
    }


def _match(
    left: dict[int, tuple[str, int]], right: dict[int, tuple[str, int]], overlap: Counter[tuple[int, int]]
) -> list[Match]:
    """Pair topics, those that share most documents first, each at most once; those without a partner come last."""
    free_left, free_right = set(left), set(right)
    matches = []
    for (topic, other), shared in sorted(overlap.items(), key=lambda pair: (-pair[1], pair[0])):
        if topic in free_left and other in free_right:
            free_left.remove(topic)
            free_right.remove(other)
            (label, size), (other_label, other_size) = left[topic], right[other]
            matches.append(Match((topic, label), (other, other_label), shared, size, other_size))
    matches.sort(key=lambda match: match.left or (0, ""))
    matches += [Match((topic, left[topic][0]), None, 0, left[topic][1], 0) for topic in sorted(free_left)]
    matches += [Match(None, (topic, right[topic][0]), 0, 0, right[topic][1]) for topic in sorted(free_right)]
    return matches


def _renamed(left: dict[str, Any], right: dict[str, Any], partner: dict[int, int]) -> list[str]:
    """Name the matched topics whose keywords differ."""
    keywords = {topic["topicIndex"]: topic["keywords"] for topic in right["topics"]}
    renamed = [
        str(topic["topicIndex"])
        for topic in left["topics"]
        if topic["topicIndex"] in partner and keywords[partner[topic["topicIndex"]]] != topic["keywords"]
    ]
    return [f"other keywords in {len(renamed)} matched topics: {', '.join(renamed)}"] if renamed else []


def _other_probabilities(left: dict[str, Any], right: dict[str, Any]) -> list[str]:
    """Count the documents in topics of both results whose probabilities differ."""
    before = {item["submissionId"]: item.get("probability", 0.0) for item in left["assignments"]}
    differences = [
        abs(item.get("probability", 0.0) - before[item["submissionId"]])
        for item in right["assignments"]
        if item["submissionId"] in before
    ]
    n_changed = sum(difference > 0 for difference in differences)
    return [f"other probabilities for {n_changed} documents, by {max(differences):.4f} at most"] if n_changed else []

"""`models diff`: how the topics of two versions differ, by their numbers."""

from dataclasses import dataclass

import numpy as np

from worker.cli.models.output import Output, count
from worker.cli.models.reading import read_version
from worker.exit_codes import ExitCode
from worker.models.model import KeptModel, KeptTopic
from worker.store.store import ModelStore


@dataclass(frozen=True)
class TopicChange:
    """What became of a topic from one version to the other.

    Attributes:
        number: the topic's.
        change: "same", "changed", "born", "gone", "retired", "back", or "joined".
        into: the topic it became part of; None for none.
        before: its documents in the first version; None if it was not there.
        after: its documents in the second version; None if it is not there.
        new_words: keywords that only the second version has, best first.
        old_words: keywords that only the first version has, best first.
        keywords: the first five of the later version that has it.
    """

    number: int
    change: str
    into: int | None
    before: int | None
    after: int | None
    new_words: tuple[str, ...]
    old_words: tuple[str, ...]
    keywords: tuple[str, ...]


def diff(store: ModelStore, output: Output, tenant: str, before: str, after: str) -> ExitCode:
    """Print how the second version differs from the first.

    Raises:
        VersionMissing: there is no such tenant or version.
        StoreCorrupt: a file was changed.
        BrokenModel: the files are no model that this worker reads.
    """
    left, right = (read_version(store, tenant, version).model for version in (before, after))
    changes = compare(left, right)
    added = right.seen - left.seen
    output.say(
        f"{tenant}: A is {before}, B is {after}; B has seen {count(abs(added), 'document')} "
        f"{'more' if added >= 0 else 'fewer'}"
    )
    # The center stays from one fit to the next.
    if not np.array_equal(left.center, right.center):
        output.say("A and B are of different fits, and each counts the documents since its own fit")
    rows = [
        (
            change.number,
            change.before,
            change.after,
            _difference(change),
            change.change if change.into is None else f"joined into {change.into}",
            ", ".join(change.keywords),
            " ".join([*(f"+{word}" for word in change.new_words), *(f"-{word}" for word in change.old_words)]),
        )
        for change in changes
    ]
    output.table(("topic", "A", "B", "change", "what", "keywords", "new and old words"), rows, numbers=4)
    topics = [_as_json(change) for change in changes]
    output.give({"tenant": tenant, "before": before, "after": after, "documents": added, "topics": topics})
    return ExitCode.COMPLETED


def _difference(change: TopicChange) -> str | None:
    if change.before is None or change.after is None:
        return None
    return "0" if change.after == change.before else f"{change.after - change.before:+}"


def compare(before: KeptModel, after: KeptModel) -> list[TopicChange]:
    """Say of each topic of two models what became of it, by its number."""
    old = {topic.number: topic for topic in before.topics}
    new = {topic.number: topic for topic in after.topics}
    return [_change(number, old.get(number), new.get(number), after) for number in sorted(old.keys() | new.keys())]


def _change(number: int, old: KeptTopic | None, new: KeptTopic | None, after: KeptModel) -> TopicChange:
    into = after.current(number) if after.current(number) != number else None
    old_words, new_words = (() if topic is None else topic.keywords for topic in (old, new))
    both = old is not None and new is not None
    latest = new or old
    return TopicChange(
        number=number,
        change=_kind(old, new, into),
        into=into,
        before=old.n if old else None,
        after=new.n if new else None,
        new_words=tuple(word for word in new_words if word not in old_words) if both else (),
        old_words=tuple(word for word in old_words if word not in new_words) if both else (),
        keywords=latest.keywords[:5] if latest else (),
    )


def _kind(old: KeptTopic | None, new: KeptTopic | None, into: int | None) -> str:
    if into is not None:
        return "joined"
    if old is None:
        return "born"
    if new is None:
        return "gone"
    if old.retired != new.retired:
        return "retired" if new.retired else "back"
    return "same" if (old.n, old.keywords) == (new.n, new.keywords) else "changed"


def _as_json(change: TopicChange) -> dict[str, object]:
    return {
        "topicIndex": change.number,
        "change": change.change,
        "into": change.into,
        "documentsBefore": change.before,
        "documentsAfter": change.after,
        "newKeywords": list(change.new_words),
        "oldKeywords": list(change.old_words),
        "keywords": list(change.keywords),
    }

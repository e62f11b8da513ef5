"""How a tenant's model has changed from version to version, in rows for tables and charts."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from worker.cli.models.diffing import compare
from worker.dashboard.kept_models import Version, topic_name

_OTHERS: Final = "others"


def time_of(version: Version) -> str:
    """Give a version's time by its name, ISO 8601 in UTC: 20260321_103500 is 2026-03-21T10:35:00."""
    name = version.name
    return f"{name[:4]}-{name[4:6]}-{name[6:8]}T{name[9:11]}:{name[11:13]}:{name[13:15]}"


def rows_of_versions(versions: Sequence[Version]) -> list[dict[str, Any]]:
    """Say of each version how large it is, how its batch drifted, and which topics came and went.

    Args:
        versions: oldest first.
    """
    by_name = {version.name: version for version in versions}
    return [_row(version, by_name.get(version.parent or "")) for version in versions]


def _row(version: Version, before: Version | None) -> dict[str, Any]:
    drift: Mapping[str, Any] = version.result.get("drift") or {}
    changes = [] if before is None else compare(before.model, version.model)
    names = {topic.number: topic_name(topic, 2) for each in (before, version) if each for topic in each.model.topics}
    came = [change.number for change in changes if change.change in {"born", "back"}]
    went = [change for change in changes if change.change in {"gone", "retired", "joined"}]
    faded = [names[change.number] + ("" if change.into is None else f" (now in {change.into})") for change in went]
    return {
        "version": version.name,
        "time": time_of(version),
        "comments": version.model.seen,
        "topics": len(version.model.in_reports),
        "drift": _level(drift),
        "born": "; ".join(names[number] for number in came),
        "faded": "; ".join(faded),
        "more or less": "; ".join(
            names.get(number, str(number)) for number in drift.get("moved", []) if drift["enough"]
        ),
    }


def _level(drift: Mapping[str, Any]) -> str:
    if not drift:
        return "a first fit"
    return str(drift["level"]) if drift["enough"] else "too few to tell"


def rows_of_shares(versions: Sequence[Version], most: int) -> list[dict[str, Any]]:
    """Give the share of each topic in the comments of each version's topics.

    Args:
        versions: oldest first, at least one.
        most: so many topics have rows of their own, the largest of the newest version; the others share one.
    """
    newest = versions[-1].model
    largest = sorted(newest.topics, key=lambda topic: (-topic.n, topic.number))[:most]
    names = {topic.number: topic_name(topic, 2) for topic in largest}
    rows = []
    for version in versions:
        total = max(1, sum(topic.n for topic in version.model.topics))
        shares: dict[str, float] = {}
        for topic in version.model.topics:
            name = names.get(newest.current(topic.number), _OTHERS)
            shares[name] = shares.get(name, 0.0) + topic.n / total
        rows += [{"version": version.name, "topic": name, "share": share} for name, share in sorted(shares.items())]
    return rows

"""Which parameters to change: what would help each doubtful topic, combined parameter by parameter."""

from collections.abc import Mapping
from dataclasses import dataclass

from worker.replay.report.assessment import Assessment
from worker.replay.report.parameter_advice import Change


@dataclass(frozen=True)
class Advice:
    """What to try with one parameter.

    Attributes:
        param: the name of the parameter.
        way: the direction of the change, in words.
        now: the present value.
        flag: the flag of `--once` that tries the change.
        topics: the numbers of the topics that the change might help.
    """

    param: str
    way: str
    now: int | bool
    flag: str
    topics: tuple[int, ...]


def advice(assessments: list[Assessment]) -> list[Advice]:
    """Combine the changes that would help doubtful topics, parameter by parameter.

    The parameter whose topics hold the most documents comes first. If topics need opposite changes of a
    parameter, no single value helps them all: the advice is then a sweep over the values.
    """
    wanted: dict[str, dict[Change, list[Assessment]]] = {}
    for topic in assessments:
        for change in dict.fromkeys(doubt.change for doubt in topic.doubts if doubt.change is not None):
            wanted.setdefault(change.param, {}).setdefault(change, []).append(topic)
    weighed = [(_n_documents(by_change), _advise(by_change)) for by_change in wanted.values()]
    return [one for _, one in sorted(weighed, key=lambda pair: (-pair[0], pair[1].param))]


def _n_documents(by_change: Mapping[Change, list[Assessment]]) -> int:
    concerned = {topic.index: topic.size for topics in by_change.values() for topic in topics}
    return sum(concerned.values())


def _advise(by_change: Mapping[Change, list[Assessment]]) -> Advice:
    """Combine the changes of one parameter to one advice."""
    first = next(iter(by_change))
    ways = list(dict.fromkeys(change.way for change in by_change))
    topics = tuple(sorted({topic.index for topics in by_change.values() for topic in topics}))
    if len(ways) == 1:
        furthest = max(by_change, key=lambda change: abs(int(change.to) - int(change.now)))
        value = str(furthest.to).lower() if isinstance(furthest.to, bool) else str(furthest.to)
        return Advice(first.param, first.way, first.now, f"--set {first.param}={value}", topics)
    sides = [
        f"{way} for {', '.join(str(t.index) for change, ts in by_change.items() if change.way == way for t in ts)}"
        for way in sorted(ways)
    ]
    values = sorted({int(change.to) for change in by_change} | {int(first.now)})
    flag = f"--sweep {first.param}={','.join(map(str, values))}"
    return Advice(first.param, f"topics need opposite changes: {'; '.join(sides)}", first.now, flag, topics)

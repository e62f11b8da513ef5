"""How far topics hold together, in words for people."""

from typing import Final

from worker.topics.fit import TopicFit
from worker.topics.reruns import Stability

# At this mean Jaccard coefficient or less a topic falls apart: what it shares with the most similar topic of a rerun is
# no more than what it does not, and that one may as well be another topic. Hennig 2007 calls such a cluster dissolved.
FALLS_APART: Final = 0.5


def falls_apart(stability: Stability | None, topic: int) -> bool:
    """Tell whether reruns do not find a topic again; never, if stability was not measured."""
    return stability is not None and stability.topics[topic] <= FALLS_APART


def stability_lines(fit: TopicFit) -> list[str]:
    """Word how far the topics of a fit hold together; no line if that was not measured."""
    if fit.stability is None:
        return []
    found, n_comments = fit.stability, len(fit.labels)
    numbers = range(len(fit.topics)) if fit.continuity is None else fit.continuity.numbers
    apart = [str(number) for topic, number in enumerate(numbers) if falls_apart(found, topic)]
    which = (
        f"topics that fall apart ({FALLS_APART:.2f} or less): {', '.join(apart)}" if apart else "no topic falls apart"
    )
    return [
        f"stability: {found.n_reruns} reruns, each without other {found.left_out} of {n_comments} comments, agree with "
        f"these topics by an adjusted Rand index of {found.overall:.2f}; {which}"
    ]

"""Which change of a parameter might help a doubtful topic."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from worker.contract.rules import MAX_TOPICS
from worker.topics.diagnostics import Diagnostics
from worker.topics.fit import TopicFit
from worker.topics.nuisance import PAIRS, Excess

# A merge at a lower similarity was forced: clusters were joined only because no more similar pair was left.
FORCED_MERGE: Final = 0.25


@dataclass(frozen=True)
class Change:
    """A change of one parameter: its direction in words, the present value, and the value to try next."""

    param: str
    way: str
    now: int | bool
    to: int | bool


class ParameterAdvice:
    """Proposes changes of the parameters of a fit that might help one of its topics."""

    def __init__(self, fit: TopicFit, diagnostics: Diagnostics, topic: int) -> None:
        """Take a fit, its diagnostics, and the number of the topic to help."""
        self._now = {name: int(value) for name, value in fit.parameters.items() if isinstance(value, int)}
        self._diagnostics = diagnostics
        self._topic = topic
        self._n_topics = len(fit.topics)
        self._is_neutral = "neutralized" in fit.parameters

    def finer(self) -> Change | None:
        """Propose what gives more and smaller topics."""
        if self._is_merged():
            return self.more()
        return self._change("min_topic_size", "lower", lambda now: max(2, round(now * 2 / 3)))

    def coarser(self) -> Change | None:
        """Propose what lets small topics join their neighbors."""
        return self._change("min_topic_size", "raise", lambda now: round(now * 1.5))

    def more(self) -> Change | None:
        """Propose what allows more topics: enough that no merge is forced; if none was forced, half as many more."""
        n_forced = sum(merge.similarity < FORCED_MERGE for merge in self._diagnostics.merges)
        return self._change(
            "nr_topics",
            "raise",
            lambda now: min(MAX_TOPICS, self._n_topics + n_forced if n_forced else round(now * 1.5)),
        )

    def fewer(self) -> Change | None:
        """Propose what joins the two most similar topics."""
        return self._change("nr_topics", "lower", lambda _: max(1, self._n_topics - 1))

    def denser(self) -> Change | None:
        """Propose what makes HDBSCAN leave fewer documents outside its clusters."""
        if self._now.get("hdbscan_min_samples", 0) > 1:
            return self._change("hdbscan_min_samples", "lower", lambda now: max(1, now // 2))
        return Change("reduce_outliers", "switch off", now=True, to=False)

    def neutral(self, worded: Sequence[Excess]) -> Change | None:
        """Propose to take out of the embeddings what tells wording; None if no more of these can be taken out."""
        helped = [excess for excess in worded if any(excess.mark.name in pair for pair in PAIRS.values())]
        if self._is_neutral or not helped:
            return None
        return Change("neutralize", "switch on", now=False, to=True)

    def worst_merge(self) -> float | None:
        """Give the lowest similarity at which clusters of this topic were joined; None if none were."""
        joined = [
            merge.similarity
            for merge in self._diagnostics.merges
            if self._diagnostics.cluster_topics[merge.gone] == self._topic
        ]
        return min(joined, default=None)

    def _is_merged(self) -> bool:
        return int(np.sum(self._diagnostics.cluster_topics == self._topic)) > 1

    def _change(self, param: str, way: str, to: Callable[[int], int]) -> Change | None:
        now = self._now.get(param)
        if now is None or to(now) == now:
            return None
        return Change(param, way, now, to(now))

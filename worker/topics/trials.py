"""What a search for better settings is asked and answers: plain values, numpy only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final

import numpy as np

from worker.topics.fit import FloatArray, IntArray, NoTopics, TopicMetrics, TopicParams

# A setting with one topic of more documents than this tells nothing, and neither does one with more outliers.
MOST_IN_ONE: Final = 0.4
MOST_OUTLIERS: Final = 0.3
# A smaller gain is none: nobody would see it.
LEAST_GAIN: Final = 0.01
# Gains within so many standard errors are noise.
_ERRORS: Final = 2.0


@dataclass(frozen=True, eq=False)
class TuneBatch:
    """Try settings on a batch; gives `Tuned`, or `NoTopics` if no setting gives a topic.

    Attributes:
        function: that runs it, imported in the compute process only.
        texts: (n,).
        embeddings: (n - m, d) float32, L2-normalized; without those that are missing.
        params: what was asked for; with these alone it is the default that others must beat.
        grid: the values to try of each setting, all with all; empty for the worker's own search.
        missing: (m,) int64, rising: the texts that the worker's own model is to embed.
    """

    function: ClassVar[str] = "worker.topics.tuning:run"

    texts: tuple[str, ...] = field(repr=False)
    embeddings: FloatArray = field(repr=False)
    params: TopicParams
    grid: Mapping[str, Sequence[int]]
    missing: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))


@dataclass(frozen=True)
class Quality:
    """How good the topics of one trial are.

    Attributes:
        metrics: of the contract.
        n_topics: how many there are.
        largest: share of the documents that are in the largest one.
        modularity: of the topics in the graph of nearest neighbors.
        stabilities: for each of the halves that all trials share, the adjusted Rand index of the topics with those that
            the half has by itself.
    """

    metrics: TopicMetrics
    n_topics: int
    largest: float
    modularity: float
    stabilities: tuple[float, ...]

    @property
    def stability(self) -> float:
        """The mean over the halves."""
        return float(np.mean(self.stabilities))

    @property
    def objective(self) -> float:
        """What is to be as large as possible; a negative factor counts as none."""
        return max(0.0, self.modularity) * max(0.0, self.stability)

    @property
    def excluded(self) -> str:
        """Why the setting is not to be chosen whatever its objective; "" if it may be."""
        if self.largest > MOST_IN_ONE:
            return f"one topic has {self.largest:.0%} of the comments"
        if self.metrics.outlier_ratio > MOST_OUTLIERS:
            return f"{self.metrics.outlier_ratio:.0%} of the comments are in no topic"
        return ""


@dataclass(frozen=True)
class Trial:
    """One setting.

    Attributes:
        settings: what differs from the default, by the names of `TopicParams`; empty for the default itself.
        in_force: all settings, by the same names.
        outcome: how good its topics are, or why there are none.
    """

    settings: Mapping[str, int]
    in_force: Mapping[str, int]
    outcome: Quality | NoTopics


@dataclass(frozen=True)
class Verdict:
    """Which trial is the best.

    Attributes:
        best: its position; 0, the default, if no other may be chosen.
        beats_default: whether it is better than the default by more than noise.
        gain: its objective less that of the default.
        noise: gains up to this may be chance: two standard errors of the gain over the halves, at least 0.01.
    """

    best: int
    beats_default: bool
    gain: float
    noise: float


@dataclass(frozen=True)
class Tuned:
    """All trials, the default first."""

    trials: tuple[Trial, ...]

    @property
    def verdict(self) -> Verdict:
        """Which is the best; of equal ones the earlier."""
        return verdict([trial.outcome for trial in self.trials])


def verdict(outcomes: Sequence[Quality | NoTopics]) -> Verdict:
    """Choose among outcomes, the default's first; the default stays unless it is beaten by more than noise."""
    chosen = [place for place, each in enumerate(outcomes) if isinstance(each, Quality) and not each.excluded]
    if not chosen:
        return Verdict(0, beats_default=False, gain=0.0, noise=LEAST_GAIN)
    best = max(chosen, key=lambda place: (_objective(outcomes[place]), -place))
    gain = _objective(outcomes[best]) - _objective(outcomes[0])
    if 0 not in chosen:  # the default is nothing that could be kept
        return Verdict(best, beats_default=True, gain=gain, noise=LEAST_GAIN)
    noise = _noise(outcomes[best], outcomes[0])
    return Verdict(best, beats_default=gain > noise, gain=gain, noise=noise)


def _objective(outcome: Quality | NoTopics) -> float:
    return outcome.objective if isinstance(outcome, Quality) else 0.0


def _noise(one: Quality | NoTopics, other: Quality | NoTopics) -> float:
    """Give two standard errors of the difference of objectives, which are paired by the halves."""
    if isinstance(one, NoTopics) or isinstance(other, NoTopics) or len(one.stabilities) < 2:
        return LEAST_GAIN
    differences = one.modularity * np.array(one.stabilities) - other.modularity * np.array(other.stabilities)
    error = float(differences.std(ddof=1)) / len(differences) ** 0.5
    return float(max(LEAST_GAIN, _ERRORS * error))

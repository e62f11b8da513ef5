"""What a person reads of a search for settings."""

import io
from typing import Any

from worker.analyses.trials import advice, trials_table
from worker.replay.terminal import Terminal

METRICS = dict.fromkeys(
    ("npmi_coherence", "topic_diversity", "outlier_ratio", "silhouette_score", "embedding_coherence"), 0.1234
)
JUDGED = {"topicCount": 8, "largestShare": 0.32, "metrics": METRICS, "modularity": 0.6, "stability": 0.5}


def result(*, beats: bool, by_default: dict[str, Any] | None = None, **params: int) -> dict[str, Any]:
    """Make what is read of a result."""
    best = {"trial": 1, "params": params, "beatsDefault": beats, "gain": 0.0512, "noise": 0.02}
    return {"trials": [by_default or {}], "best": best, "advised": params if beats else {}}


def test_each_trial_has_a_row() -> None:
    """With what it tried, the metrics, and why it found nothing or may not be chosen; it fits into 120 columns."""
    stream = io.StringIO()
    trials = [
        {"params": {}, **JUDGED, "objective": 0.3},
        {"params": {"nr_topics": 5, "min_topic_size": 30}, **JUDGED, "objective": 0.2, "excluded": "one topic has 41%"},
        {"params": {"min_topic_size": 90}, "error": "BERTopic produced 0 topics"},
    ]
    Terminal(stream).show(trials_table(trials))
    text = " ".join(stream.getvalue().split())
    assert "8 32% 0.123 0.123 0.123 0.123 0.123 0.600 0.500 0.300 default" in text
    assert "0.200 nr_topics=5, min_topic_size=30 (not chosen" in text
    assert "none min_topic_size=90: BERTopic" in text
    assert max(map(len, stream.getvalue().splitlines())) <= 120


def test_the_advice_says_what_to_type() -> None:
    """If it is worth it; if not, that the default is to be left."""
    best, how = advice(result(beats=True, nr_topics=5, min_topic_size=8), "a.csv")
    assert best.startswith("best: nr_topics=5, min_topic_size=8; its objective is larger than the default's by 0.051")
    assert how == "take it by: python -m worker train a.csv --set nr_topics=5 --set min_topic_size=8"
    (leave,) = advice(result(beats=False, nr_topics=5), "a.csv")
    assert leave == "leave the default: nr_topics=5 is better by 0.051 only, and up to 0.020 may be chance"
    assert advice(result(beats=False), "a.csv") == ["no setting is better than the default: leave it"]


def test_a_default_that_cannot_be_taken_is_told() -> None:
    """A gain over it would mean nothing; and "leave the default" would be wrong."""
    for why in ({"excluded": "one topic has 41% of the comments"}, {"error": "BERTopic produced 0 topics"}):
        (cause,) = why.values()
        best, how = advice(result(beats=True, by_default=why, nr_topics=5), "a.csv")
        assert best == f"best: nr_topics=5; the default cannot be taken: {cause}"
        assert how.endswith("--set nr_topics=5")
        (none,) = advice(result(beats=False, by_default=why), "a.csv")
        assert none == f"no setting can be taken, the default neither: {cause}; try others by --grid"

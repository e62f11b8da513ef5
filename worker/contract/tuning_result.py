"""The result of `topic-model.tune`: every trial with its metrics, and which setting is the best."""

from collections.abc import Mapping
from datetime import datetime

from worker.contract.envelope import Batch
from worker.contract.result import JSON, Document, metrics_document, no_topics_error, rounded, timestamp
from worker.contract.tuning_envelope import TUNABLE
from worker.topics.fit import NoTopics
from worker.topics.trials import Quality, Trial, Tuned
from worker.version import WORKER_VERSION

_REQUEST_NAMES = {engine_name: name for name, (engine_name, *_) in TUNABLE.items()}


def tuned(batch: Batch, outcome: Tuned, *, now: datetime) -> Document:
    """Build the document of a search for settings.

    Args:
        batch: on which they were tried.
        outcome: the trials, the default first.
        now: aware; becomes `completedAt`.

    Raises:
        EngineFailed: a metric is not finite: a bug.
    """
    found = outcome.verdict
    best = outcome.trials[found.best]
    return {
        "version": WORKER_VERSION,
        "status": "completed",
        "trials": [_trial(batch, trial) for trial in outcome.trials],
        "best": {
            "trial": found.best,
            "params": _named(best.settings),
            "beatsDefault": found.beats_default,
            "gain": rounded(found.gain),
            "noise": rounded(found.noise),
        },
        "advised": _named(best.settings if found.beats_default else {}),
        "completedAt": timestamp(now),
    }


def _trial(batch: Batch, trial: Trial) -> Document:
    return {
        "params": _named(trial.settings),
        "inForce": _named(trial.in_force),
        **(_failed(trial.outcome) if isinstance(trial.outcome, NoTopics) else _judged(batch, trial.outcome)),
    }


def _judged(batch: Batch, quality: Quality) -> Document:
    # The engine never saw the zero vectors, which count as outliers.
    n_inside = (1 - quality.metrics.outlier_ratio) * len(batch.kept)
    return {
        "topicCount": quality.n_topics,
        "largestShare": rounded(quality.largest),
        "metrics": metrics_document(quality.metrics, 1 - n_inside / batch.n_items),
        "modularity": rounded(quality.modularity),
        "stability": rounded(quality.stability),
        "objective": rounded(quality.objective),
        **({"excluded": quality.excluded} if quality.excluded else {}),
    }


def _failed(outcome: NoTopics) -> Document:
    return {"error": no_topics_error(outcome)}


def _named(settings: Mapping[str, int]) -> dict[str, JSON]:
    """Give settings the names of the request."""
    return {_REQUEST_NAMES[name]: value for name, value in settings.items()}

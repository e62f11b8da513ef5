"""A few changes are tried as a whole, so that the report's first screen can say whether one would be better."""

from dataclasses import replace
from typing import Final

from worker.contract.envelope import Batch
from worker.errors import WorkerError
from worker.replay.computing import Computing
from worker.replay.report.advice import Advice, advice
from worker.replay.report.assessment import assess
from worker.replay.session import CheckedChange
from worker.replay.terminal import Terminal
from worker.topics.diagnostics import FIELDS_TRIED
from worker.topics.fit import Stage, TopicFit, TopicParams
from worker.topics.task import FitBatch

# Each costs a fit and its reruns.
N_CHECKED: Final = 2


def checked_changes(
    batch: Batch, fit: TopicFit, task: FitBatch, computing: Computing, terminal: Terminal
) -> tuple[CheckedChange, ...]:
    """Fit a batch with a few of the values that change a doubtful topic; none if no value does, or if that fails.

    A trial ranks no keywords and makes no reruns, so it cannot tell how many of its topics are doubtful. What it tells
    is how many comments are in no topic: those with fewest are tried.

    Args:
        batch: the comments.
        fit: their topics.
        task: that gave the fit.
        computing: runs the other fits.
        terminal: told what is tried.
    """
    # The worker's own model would have to embed the comments once more.
    if fit.diagnostics is None or not fit.diagnostics.trials or task.missing is not None:
        return ()
    assessed = assess(fit, fit.diagnostics, batch.texts, len(batch.submission_ids))
    effective = [one for one in advice(fit, fit.diagnostics, assessed) if one.has_effect]
    chosen = sorted(effective, key=lambda one: one.after.outliers)[:N_CHECKED]
    if not chosen:
        return ()
    variants = tuple(_params(batch, one) for one in chosen)
    terminal.say(f"for the report, the same comments with {' and with '.join(one.flag for one in chosen)}:")
    again = replace(task, variants=variants, levers=False, save_bertopic=None)
    try:
        outcomes = computing.run(again, len(Stage), len(variants))
    except WorkerError as error:
        terminal.warn(f"the report does not say whether a change would be better, because that run failed: {error}")
        return ()
    pairs = zip(chosen, outcomes, strict=True)
    return tuple(CheckedChange(one.flag, other) for one, other in pairs if isinstance(other, TopicFit))


def _params(batch: Batch, one: Advice) -> TopicParams:
    changed: TopicParams = replace(batch.params, **{FIELDS_TRIED[one.param]: one.value})  # type: ignore[arg-type]
    return changed

"""`tune`: try settings on a table, show how good the topics of each are, and say which to take."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import prod
from typing import Any, Final

from worker.analyses.analysis import Analysis
from worker.analyses.request import Asked
from worker.contract.envelope import Rejection, Skip
from worker.exit_codes import ExitCode
from worker.jobs.tune import TUNE
from worker.replay.sweep import METRICS
from worker.replay.terminal import new_table
from worker.settings import Settings

# Fits that the worker's own search makes, for the time limit.
_OWN_SEARCH: Final = 9


def tune(asked: Asked, settings: Settings) -> ExitCode:
    """Try settings; nothing is kept. Raises as `train`."""
    with Analysis(asked, settings) as analysis:
        tuning = analysis.batch(TUNE)
        if isinstance(tuning, Rejection | Skip):
            return analysis.refuse(tuning)
        n_fits = prod(len(values) for values in tuning.grid.values()) if tuning.grid else _OWN_SEARCH
        outcome = analysis.run(TUNE, TUNE.task(tuning, analysis.surroundings), n_fits)
        document: Mapping[str, Any] = TUNE.respond(tuning, outcome, datetime.now(UTC))
        if document["status"] == "completed":
            _show(analysis, document["trials"])
            _advise(analysis, document)
        return analysis.finish(document)


def _show(analysis: Analysis, trials: Sequence[Mapping[str, Any]]) -> None:
    headers = ("topics", "largest", *METRICS.values(), "modularity", "stability", "objective")
    table = new_table("setting", *headers, "")
    for column in table.columns[1 : 1 + len(headers)]:
        column.justify = "right"
    for trial in trials:
        if "error" in trial:
            table.add_row(_text(trial["params"]), "failed")
            continue
        judged = [f"{trial[name]:.3f}" for name in ("modularity", "stability", "objective")]
        metrics = [f"{trial['metrics'][name]:.3f}" for name in METRICS]
        numbers = (str(trial["topicCount"]), f"{trial['largestShare']:.0%}", *metrics, *judged)
        table.add_row(_text(trial["params"]), *numbers, trial.get("excluded", ""))
    analysis.answer.show(table)


def _advise(analysis: Analysis, document: Mapping[str, Any]) -> None:
    best, say = document["best"], analysis.answer.say
    if best["beatsDefault"]:
        flags = " ".join(f"--set {name}={value}" for name, value in document["advised"].items())
        say(f"best: {_text(best['params'])}, better than the default by {best['gain']:.3f} (noise {best['noise']:.3f})")
        say(f"take it by: python -m worker train {analysis.asked.path} {flags}")
    elif best["trial"] == 0:
        say("no setting is better than the default: leave it")
    else:
        say(
            f"leave the default: {_text(best['params'])} is better by {best['gain']:.3f} only, and differences up to "
            f"{best['noise']:.3f} may be chance"
        )


def _text(params: Mapping[str, int]) -> str:
    return ", ".join(f"{name}={value}" for name, value in params.items()) or "default"

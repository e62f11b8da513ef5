"""`tune`: try settings on a table, show how good the topics of each are, and say which to take."""

from dataclasses import replace
from datetime import UTC, datetime
from math import prod
from typing import Any, Final

from worker.analyses.analysis import Analysis
from worker.analyses.outputs import check_json
from worker.analyses.request import Asked
from worker.analyses.trials import advice, trials_table
from worker.contract.envelope import Rejection, Skip
from worker.exit_codes import ExitCode
from worker.jobs.tune import TUNE
from worker.settings import Settings

# Fits that the worker's own search makes, for the time limit.
_OWN_SEARCH: Final = 9


def tune(asked: Asked, settings: Settings) -> ExitCode:
    """Try settings; nothing is kept. Raises as `train`."""
    check_json(asked.outputs)
    with Analysis(asked, settings) as analysis:
        tuning = analysis.batch(TUNE)
        if isinstance(tuning, Rejection | Skip):
            return analysis.refuse(tuning)
        tuning = replace(tuning, batch=analysis.as_trained(tuning.batch))
        analysis.tracked.begin(TUNE.name, analysis.surroundings.job_id, tuning)
        n_fits = prod(len(values) for values in tuning.grid.values()) if tuning.grid else _OWN_SEARCH
        outcome = analysis.run(TUNE, TUNE.task(tuning, analysis.surroundings), n_fits)
        document: dict[str, Any] = TUNE.respond(tuning, outcome, datetime.now(UTC))
        if document["status"] == "completed":
            analysis.answer.show(trials_table(document["trials"]))
            for line in advice(document, asked.path):
                analysis.answer.say(line)
        return analysis.finish(document)

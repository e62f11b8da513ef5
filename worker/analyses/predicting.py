"""`predict`: assign the comments of a table to the topics of a kept model, which does not change."""

from datetime import UTC, datetime

from worker.analyses.analysis import Analysis, Terminals
from worker.analyses.request import Asked
from worker.contract.envelope import Batch, Rejection, Skip
from worker.contract.result import Document
from worker.exit_codes import ExitCode
from worker.jobs.predict import PREDICT
from worker.replay.model_view import show_model_result
from worker.settings import Settings


def predict(asked: Asked, settings: Settings, terminals: Terminals | None = None) -> ExitCode:
    """Assign the comments of a table; raises as `train`."""
    with Analysis(asked, settings, terminals) as analysis:
        document = predicted(analysis)
        if isinstance(document, Rejection | Skip):
            return analysis.refuse(document)
        show_model_result(analysis.answer, document)
        return analysis.finish(document)


def predicted(analysis: Analysis) -> Document | Rejection | Skip:
    """Give the result of a prediction."""
    analysis.expect_same_embeddings()
    batch = analysis.batch(PREDICT, model=analysis.model_reference())
    if not isinstance(batch, Batch):
        return batch
    outcome = analysis.run(PREDICT, PREDICT.task(batch, analysis.surroundings))
    return PREDICT.respond(batch, outcome, datetime.now(UTC))

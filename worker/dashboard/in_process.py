"""What a page does with an uploaded table in this process: train or predict; see `queueing` for the queue."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from worker.analyses.analysis import Terminals
from worker.analyses.predicting import predict
from worker.analyses.request import Asked
from worker.analyses.training import train
from worker.dashboard.background_work import Board
from worker.errors import WorkerError
from worker.exit_codes import ExitCode
from worker.settings import Settings
from worker.tables.comments import comments_of
from worker.tables.reading import read_table


class NotDone(WorkerError):
    """An analysis ended without a result; the message says why, as at a terminal."""


@dataclass(frozen=True)
class Done:
    """How an analysis ended.

    Attributes:
        result: as the job of a queue would give it.
        report: the page of HTML that shows the topics; "" if there is none.
        texts: the comments by their ids.
    """

    result: Mapping[str, Any] = field(repr=False)
    report: str = field(default="", repr=False)
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)


def train_here(asked: Asked, board: Board) -> Done:
    """Train in this process, and give the result and the report.

    Raises:
        NotDone: the fit found nothing, or the table is at fault.
        WorkerError: as `train`.
    """
    report = f"{asked.path}.report.html"
    result = _done(train, replace(asked, report=report), board)
    return Done(result, report=Path(report).read_text(encoding="utf-8"))


def predict_here(asked: Asked, board: Board) -> Done:
    """Assign the comments of a table to a kept model, and give them with their texts; raises as `train_here`."""
    result = _done(predict, asked, board)
    comments = comments_of(read_table(asked.path), asked.columns)
    return Done(result, texts=dict(zip(comments.ids, comments.texts, strict=True)))


def _done(analysis: Callable[[Asked, Settings, Terminals], ExitCode], asked: Asked, board: Board) -> Mapping[str, Any]:
    out = f"{asked.path}.result.json"
    code = analysis(replace(asked, outputs=(out,)), Settings.from_environment(), (board, board))
    if code != ExitCode.COMPLETED:
        raise NotDone(board.lines[-1])
    result: Mapping[str, Any] = json.loads(Path(out).read_text(encoding="utf-8"))
    return result

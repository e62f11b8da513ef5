"""`python -m worker.tracking.recorder SECONDS`: takes runs, a line each, and answers each with a line.

It is a process of its own: MLflow takes seconds to import and holds 240 MB, and what hangs in it can be ended.
"""

import contextlib
import json
import os
import re
import signal
import sys
from typing import Final, TextIO

from worker.tracking.run import Run

_REASON_CHARS: Final = 300
_BEGINNING_CHARS: Final = 120
_END_CHARS: Final = 170
# Jobs come first.
_NICENESS: Final = 10


def main() -> None:
    """Read runs until the worker ends."""
    limit_s = int(sys.argv[1])
    os.nice(_NICENESS)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    # MLflow prints addresses of runs.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        # The worker ends this process if a run takes too long; this ends it if the worker was killed.
        signal.alarm(limit_s + 1)
        _answer(answers, _record(line))
        signal.alarm(0)


def _record(line: str) -> dict[str, str]:
    try:
        from worker.tracking.recording import record

        record(Run.from_json(line))
    except Exception as error:  # noqa: BLE001 - whatever it is, the worker tells it
        return {"error": reason_of(error)}
    return {}


def reason_of(error: BaseException) -> str:
    """Give an error as one line; what stands before an @ in an address is a password, and is left out."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    text = re.sub(r"//\S*@", "//…@", text)
    # The cause of a cause stands at the end.
    return text if len(text) <= _REASON_CHARS else f"{text[:_BEGINNING_CHARS]} … {text[-_END_CHARS:]}"


def _answer(answers: TextIO, answer: dict[str, str]) -> None:
    with contextlib.suppress(BrokenPipeError):
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()

"""What `--once` tells the person at the terminal, on stderr; never a text or an embedding."""

import os
from typing import BinaryIO, TextIO, cast

from worker.envelope import Batch
from worker.result import Document
from worker.topics.fit import Details, StageFinished, StageStarted, TopicFit

_N_KEYWORDS_SHOWN = 6


class Terminal:
    """Prints progress and results; a reader who has gone away is no error.

    Args:
        stream: stderr, or anything with `write` and `flush`.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._in_place = stream.isatty()

    def say(self, line: str) -> None:
        """Print one line."""
        self._write(line + "\n")

    def warn(self, line: str) -> None:
        """Print one line that asks for attention."""
        self.say(f"warning: {line}")

    def on_stage(self, event: StageStarted | StageFinished) -> None:
        """Print one line per finished stage; on a terminal also name the one that runs."""
        if isinstance(event, StageFinished):
            shown = _details(event.details)
            self.say(f"  {event.stage:<11}{event.duration_s:8.2f} s  {shown}".rstrip())
        elif self._in_place:
            self._write(f"  {event.stage:<11}     …\r")

    def show_fit(self, batch: Batch, fit: TopicFit, document: Document) -> None:
        """Print the parameters in force, a line per topic, the metrics and the outliers."""
        self.say(f"parameters: {_details(fit.parameters)}")
        self.say(f"keywords ranked with: {fit.encoder}")
        for index, topic in enumerate(fit.topics):
            keywords = ", ".join(topic.keywords[:_N_KEYWORDS_SHOWN])
            self.say(f"  topic {index:>3}  {topic.size:>6} documents  {keywords}")
        self.say("metrics: " + _details(cast(Details, document["metrics"])))
        n_items = len(batch.submission_ids)
        self.say(f"outliers: {document['outlierCount']} of {n_items} items")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            mute(self._stream)


def mute(stream: TextIO | BinaryIO) -> None:
    """Send what is still to come on a broken stream to nowhere.

    Python flushes stdout and stderr once more as it ends; over a closed pipe that would
    print a traceback and turn the exit code into 120.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _details(details: Details) -> str:
    return ", ".join(f"{name}={_number(value)}" for name, value in details.items())


def _number(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

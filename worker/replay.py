"""`--once`: a file through envelope, compute and result, as a job would go, without Redis."""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime
from typing import BinaryIO

from worker.batch_file import STDIN, read_batch_file
from worker.compute import Compute
from worker.envelope import Batch, Rejection, read_envelope
from worker.exit_codes import ExitCode
from worker.result import Document, completed, failed, no_topics
from worker.settings import Settings
from worker.terminal import Terminal, mute
from worker.topics.fit import NoTopics, Stage, StageFinished, StageStarted, TopicFit
from worker.version import WORKER_VERSION


def replay(source: str, settings: Settings) -> ExitCode:
    """Run one batch; the result document goes to stdout, everything else to stderr.

    Args:
        source: a path, or `-` for stdin.
        settings: the same as for a worker; those of Redis are not used.

    Raises:
        UnreadableFile: there is no JSON to be had from `source`.
        WorkerError: the infrastructure failed; nothing was written to stdout.
    """
    terminal = Terminal(sys.stderr)
    if source == STDIN and sys.stdin.isatty():
        terminal.say("reading a batch from the terminal; end it with Ctrl-D")
    began_s = time.monotonic()
    outcome = _read(source, terminal)
    if isinstance(outcome, Rejection):
        document = failed(outcome.error, now=datetime.now(UTC))
    else:
        document = asyncio.run(_fit(outcome, settings, terminal))
    if document["status"] == "failed":
        terminal.say(f"failed: {document['error']}")
    else:
        terminal.say(f"completed in {time.monotonic() - began_s:.1f} s")
    if not _write(document, sys.stdout.buffer):
        terminal.warn("the result could not be written to stdout")
        return ExitCode.INFRASTRUCTURE
    return ExitCode.FAILED if document["status"] == "failed" else ExitCode.COMPLETED


def warm_up(settings: Settings) -> ExitCode:
    """Start the compute process, have it run its made-up batch, and end it; says on what it ran.

    Raises:
        WorkerError: the model, the device or the engine cannot be had.
    """
    terminal = Terminal(sys.stderr)
    began_s = time.monotonic()
    asyncio.run(_start(settings, terminal))
    terminal.say(f"warm after {time.monotonic() - began_s:.1f} s")
    return ExitCode.COMPLETED


async def _start(settings: Settings, terminal: Terminal) -> None:
    compute = Compute(settings.compute_config())
    try:
        ready = await compute.start()
        terminal.say(f"device: {ready.device}")
        (terminal.warn if ready.is_fallback else terminal.say)(ready.message)
    finally:
        await compute.close()


def _read(source: str, terminal: Terminal) -> Batch | Rejection:
    terminal.say(f"topic-model-worker {WORKER_VERSION}")
    began_s = time.monotonic()
    terminal.on_stage(StageStarted(Stage.VALIDATE))
    outcome = read_envelope(read_batch_file(source))
    details = {} if isinstance(outcome, Rejection) else {"n_items": len(outcome.submission_ids)}
    terminal.on_stage(StageFinished(Stage.VALIDATE, time.monotonic() - began_s, details))
    if isinstance(outcome, Batch):
        for warning in outcome.warnings:
            terminal.warn(warning)
    return outcome


async def _fit(batch: Batch, settings: Settings, terminal: Terminal) -> Document:
    compute = Compute(settings.compute_config())
    try:
        terminal.say("starting the compute process")
        ready = await compute.start()
        terminal.say(f"device: {ready.device}")
        (terminal.warn if ready.is_fallback else terminal.say)(ready.message)
        outcome = await compute.run(batch, timeout_s=settings.timeout_ms / 1000, on_stage=terminal.on_stage)
    finally:
        await compute.close()
    return _document(batch, outcome, terminal)


def _document(batch: Batch, outcome: TopicFit | NoTopics, terminal: Terminal) -> Document:
    now = datetime.now(UTC)
    if isinstance(outcome, NoTopics):
        return no_topics(outcome, now=now)
    document = completed(batch, outcome, now=now)
    terminal.show_fit(batch, outcome, document)
    return document


def _write(document: Document, stdout: BinaryIO) -> bool:
    # Indented for a person, one line for a program. Bytes, because the encoding of stdout
    # follows the locale and ñ must get through under LANG=C too.
    indent = 2 if stdout.isatty() else None
    separators = None if indent else (",", ":")
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators)
    try:
        stdout.write(text.encode("utf-8") + b"\n")
        stdout.flush()
    except OSError:  # closed, or a full disk
        mute(stdout)
        return False
    return True

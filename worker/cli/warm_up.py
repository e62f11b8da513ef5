"""`--warm-up`: start the compute process as for a job, then end it."""

import asyncio
import sys
import time

from worker.compute.compute import Compute
from worker.compute.config import ComputeConfig
from worker.exit_codes import ExitCode
from worker.replay.terminal import Terminal
from worker.settings import Settings


def warm_up(settings: Settings) -> ExitCode:
    """Start the compute process, which runs a made-up batch, and end it; say what it runs on.

    Raises:
        WorkerError: the model, the device or the engine is not available.
    """
    terminal = Terminal(sys.stderr)
    began_s = time.monotonic()
    asyncio.run(_start(settings, terminal))
    terminal.say(f"warm after {time.monotonic() - began_s:.1f} s")
    return ExitCode.COMPLETED


async def _start(settings: Settings, terminal: Terminal) -> None:
    compute = Compute(ComputeConfig.of(settings))
    try:
        ready = await compute.start()
        terminal.say(f"device: {ready.device}")
        (terminal.warn if ready.is_fallback else terminal.say)(ready.message)
    finally:
        await compute.close()

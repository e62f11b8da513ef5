"""The engine of the fault tests, in a process where libraries print, warn and log as much as they like."""

import logging
import sys
import traceback
import warnings
from typing import Any

from tests.acceptance.faults import engine
from worker.topics.fit import TopicFit

MANY = 50


def run(*arguments: Any, **options: Any) -> TopicFit:
    """Say a lot in every way there is, then do what the batch asks for."""
    for number in range(MANY):
        print("printed", number)
        print("printed", number, file=sys.stderr, flush=True)
        warnings.warn(f"warned {number}", stacklevel=1)
        logging.getLogger("library").error("logged %d", number)
    try:
        raise ValueError("shown")
    except ValueError:
        traceback.print_exc()
    sys.stdout.flush()
    return engine.run(*arguments, **options)

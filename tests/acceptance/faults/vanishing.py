"""The engine of the fault tests, on a device that a test can take away."""

import os
from pathlib import Path

from tests.acceptance.faults.engine import FOLDER, TAKEN_AWAY, run


class DeviceUnavailable(Exception):
    """What the engine's own loading raises; the compute process knows it by its name."""


if (Path(os.environ[FOLDER]) / TAKEN_AWAY).exists():
    raise DeviceUnavailable("DEVICE=cuda, but torch sees 0 GPUs here: check the driver")

__all__ = ["run"]

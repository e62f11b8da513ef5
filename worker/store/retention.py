"""How much is kept of each tenant."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Retention:
    """How much is kept of each tenant.

    Attributes:
        n_versions: so many of the newest versions that were active once; 0 for all, then nothing is ever removed.
        n_activations: so many of the newest entries of the log, whose versions stay.
    """

    n_versions: int
    n_activations: int


KEEP_ALL: Final = Retention(0, 1)

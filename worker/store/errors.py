"""What can go wrong with the model store: one line each for a person; no address holds a secret."""

from worker.errors import WorkerError


class StoreError(WorkerError):
    """Something is wrong with the model store."""


class StoreUnavailable(StoreError):
    """The store cannot be read or written; the message says why."""


class StoreCorrupt(StoreError):
    """A file of the store is not what was written; the message names the file."""


class VersionMissing(StoreError):
    """The store has no such tenant or version."""


class InvalidName(StoreError):
    """A tenant's or a version's name is against the rule."""


class LostRace(StoreError):
    """Another process activated a version first; the update is to be done again on that version."""

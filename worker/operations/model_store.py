"""What the worker finds out about the model store at its start, before any job needs it."""

from typing import Final

import structlog

from worker.settings import Settings
from worker.store.location import check_package, read_location

log = structlog.get_logger(__name__)

_HINT: Final = (
    "a worker on another machine or in another pod sees the models in it only if both mount this folder; "
    "else set MODEL_STORE to s3://, gs:// or az://"
)


def look_at_model_store(settings: Settings) -> None:
    """Say what a store in a folder means for a second worker; as a warning if the settings name that folder.

    Raises:
        ConfigurationError: the package that this kind of store needs is not installed.
    """
    location = read_location(settings.model_store)
    check_package(location)
    if location.is_local:
        # A worker that never keeps a model has no store set, and nothing to be warned of.
        emit = log.warning if "model_store" in settings.model_fields_set else log.info
        emit("model_store_is_a_folder", path=str(location), hint=_HINT)

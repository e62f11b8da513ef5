"""A warning of embeddings that another model than the kept one's seems to have made; the envelope does not say."""

from typing import Final

from worker.lifecycle.events import OnEvent
from worker.models.drift import Drift
from worker.topics.fit import BatchWarning

_LINE: Final = (
    "the embeddings do not look like those that the model was made of: another embedding model made them, or the "
    "comments are about something else altogether; so the topics of this result mean little"
)
_ADDED: Final = "; they are in the new version now: if that is a mistake, go back by: python -m worker models rollback"


def warn_of_foreign(drift: Drift, on_event: OnEvent, *, added_to: str = "") -> None:
    """Warn if the embeddings of a batch look foreign.

    Args:
        drift: of the batch.
        on_event: takes the warning.
        added_to: the tenant to whose model they were added; "" if they were not.
    """
    if drift.is_foreign:
        on_event(BatchWarning(_LINE + (f"{_ADDED} {added_to}" if added_to else "")))

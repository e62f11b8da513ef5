"""Whether a batch holds enough comments for what it asks, and what the rejection says if it does not."""

from collections.abc import Callable
from typing import Final

from worker.contract.rules import Params
from worker.topics.fit import DEFAULT_MIN_CLUSTER_SIZE

# Takes how many items there are, how many of them are not zero vectors, and the parameters; None if they are enough.
TooFew = Callable[[int, int, Params], str | None]

DEFAULT_MIN_DOCUMENTS: Final = 10
_ALL_ZERO: Final = "All embeddings are zero vectors"


def too_few_to_fit(n_items: int, n_kept: int, params: Params) -> str | None:
    """Say whether a batch is too small for a fit."""
    required = params.min_topic_size or DEFAULT_MIN_CLUSTER_SIZE
    if n_items < required:
        return f"Received {n_items} items, need at least {required} (min_topic_size) for topic modeling"
    if n_kept == 0:
        return _ALL_ZERO
    if n_kept < required:
        return f"After filtering zero vectors, only {n_kept} items remain (need {required})"
    return None


def too_few_to_predict(n_items: int, n_kept: int, _: Params) -> str | None:
    """Say whether a batch is too small for a prediction: it needs one comment."""
    if n_items == 0:
        return "Received 0 items, need at least 1 for a prediction"
    return _ALL_ZERO if n_kept == 0 else None


def too_few_to_update(n_items: int, n_kept: int, params: Params) -> str | None:
    """Say whether a batch is too small for an update, which is then skipped; see `nothing_to_update` too."""
    required = params.min_documents or DEFAULT_MIN_DOCUMENTS
    if n_items < required:
        return f"Received {n_items} items, an update needs at least {required} (min_documents)"
    if n_kept < required:
        return f"After filtering zero vectors, only {n_kept} items remain (an update needs {required}: min_documents)"
    return None


def nothing_to_update(n_items: int, n_kept: int, _: Params) -> str | None:
    """Say that all comments of an update are zero vectors: that is a fault of the data, and no day of few comments."""
    return _ALL_ZERO if n_items and n_kept == 0 else None

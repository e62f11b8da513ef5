"""Redis's error answers: those that pass by themselves, and those that do not."""

import re

from redis import exceptions as redis_errors

# Answers of a server that cannot be written to right now. If a script meets one, Redis 6 and earlier put other words
# in front of it, so the word may stand anywhere.
PASSING_WORDS = re.compile(
    r"\b(NOREPLICAS|MISCONF|OOM|LOADING|MASTERDOWN|BUSY|CLUSTERDOWN|READONLY|TRYAGAIN|FAILOVER|UNBLOCKED)\b"
)
# redis-py takes the word off the message of these.
PASSING_ERRORS = (
    redis_errors.BusyLoadingError,
    redis_errors.ClusterDownError,
    redis_errors.MasterDownError,
    redis_errors.OutOfMemoryError,
    redis_errors.ReadOnlyError,
    redis_errors.TryAgainError,
)


def is_passing_refusal(error: Exception) -> bool:
    """Tell whether Redis answers that it cannot write now: no replica, disk full, no memory, loading, fail-over."""
    if isinstance(error, PASSING_ERRORS):
        return True
    return isinstance(error, redis_errors.ResponseError) and bool(PASSING_WORDS.search(str(error)))

"""What Redis's error replies mean: which word they begin with, and what a person can do about it."""

import re
from typing import Final

from redis import exceptions as redis_errors

MAX_CHARS: Final = 200
# redis-py takes the word off the text of an error that it has a class for; since version 8 it keeps it as status.
_WORDS: Final = {
    redis_errors.ReadOnlyError: "READONLY",
    redis_errors.NoPermissionError: "NOPERM",
    redis_errors.OutOfMemoryError: "OOM",
    redis_errors.MovedError: "MOVED",
    redis_errors.MasterDownError: "MASTERDOWN",
    redis_errors.ClusterDownError: "CLUSTERDOWN",
    redis_errors.ClusterCrossSlotError: "CROSSSLOT",
    redis_errors.BusyLoadingError: "LOADING",
    redis_errors.NoScriptError: "NOSCRIPT",
    redis_errors.TryAgainError: "TRYAGAIN",
}
# The server cannot do this now, and it, or the server that takes its place, can do it later.
_PASSING: Final = frozenset(
    {
        "BUSY",
        "CLUSTERDOWN",
        "FAILOVER",
        "LOADING",
        "MASTERDOWN",
        "MISCONF",
        "NOREPLICAS",
        "OOM",
        "READONLY",
        "TRYAGAIN",
        "UNBLOCKED",
    }
)
# Redis before version 7 puts the error of a command in a script behind words of its own.
_INSIDE: Final = re.compile(rf"-(?=(?:{'|'.join(sorted(_PASSING))}) )")
# redis-py puts the command, and the error as a tuple's only element, around what Redis said.
_IN_PIPELINE: Final = re.compile(r"of pipeline caused error: \(?['\"]?(.*?)['\"]?,?\)?$")
_FIRST: Final = re.compile(r"[A-Z]{2,}\b")
_NO_RIGHT: Final = "The user executing the script can't"

# The server behind the connection takes no writes any more, and another one may.
_DEMOTED: Final = frozenset({"READONLY", "MASTERDOWN", "NOREPLICAS", "MOVED", "UNBLOCKED"})

_HINTS: Final = {
    "READONLY": "the server is a replica: point REDIS_URL to the primary; after a fail-over the worker connects anew",
    "UNBLOCKED": "the server became a replica while a command waited; the worker connects anew",
    "MASTERDOWN": "the server is a replica without a primary: point REDIS_URL to the primary",
    "NOREPLICAS": "Redis takes writes only with enough replicas: look at min-replicas-to-write and at the replicas",
    "NOPERM": "the user of REDIS_URL lacks a permission: the ACL that the worker needs is in the docs",
    "NOAUTH": "Redis wants a password: redis://user:password@host:6379",
    "WRONGPASS": "check user and password in REDIS_URL; percent-encode characters such as @ : / ? # %",
    "OOM": "Redis is out of memory: raise maxmemory, or let finished jobs go (removeOnComplete, removeOnFail)",
    "MISCONF": "Redis cannot save to its disk and takes no writes: look at its log and its disk",
    "LOADING": "Redis is reading its data from disk; the worker waits for it",
    "BUSY": "a script keeps Redis busy: look at SLOWLOG on the server",
    "MOVED": "Redis is a cluster, and another node has this queue: point REDIS_URL to that node",
    "CROSSSLOT": "Redis is a cluster: BULLMQ_PREFIX needs a hash tag, as {bull}, for producers and workers alike",
    "CLUSTERDOWN": "the Redis cluster is down: look at CLUSTER INFO on the server",
    "WRONGTYPE": "a key of the queue is not BullMQ's: check BULLMQ_PREFIX and TOPIC_MODEL_QUEUE",
}


def word_of(error: BaseException) -> str:
    """Give the word that an error reply begins with, such as READONLY; the type's name if it is no reply.

    Args:
        error: what redis-py, or a command inside a script, raised.
    """
    text = _text(error)
    if _NO_RIGHT in text:
        return "NOPERM"
    first = _FIRST.match(text)
    if first and first[0] in _PASSING:  # redis-py calls an error inside a script ERR
        return first[0]
    if status := getattr(error, "status_code", None):
        return str(status)
    for kind, word in _WORDS.items():
        if type(error) is kind:
            return word
    if isinstance(error, redis_errors.ResponseError) and first:
        return first[0]
    return type(error).__name__


def is_passing(error: BaseException) -> bool:
    """Tell whether an error reply passes by itself: no replica, disk full, no memory, loading, fail-over."""
    return isinstance(error, redis_errors.RedisError) and word_of(error) in _PASSING


def is_demoted(error: BaseException) -> bool:
    """Tell whether the server takes no writes any more, as an old primary does after a fail-over."""
    return word_of(error) in _DEMOTED


def hint_for(error: BaseException) -> str | None:
    """Say what a person can do about an error reply; None if nothing is known about it."""
    return _HINTS.get(word_of(error))


def describe(error: BaseException) -> str:
    """Put an error into one short line, in Redis's own words; Redis repeats neither a password nor a value."""
    word, text = word_of(error), _text(error)[:MAX_CHARS]
    return text if text.startswith(word) else f"{word} {text}".strip()


def _text(error: BaseException) -> str:
    """Give what Redis said, on one line, without what redis-py's pipeline or a script puts around it."""
    text = " ".join(str(error).split())
    if in_pipeline := _IN_PIPELINE.search(text):
        text = in_pipeline[1]
    in_script = _INSIDE.search(text)
    return text[in_script.end() :] if in_script else text

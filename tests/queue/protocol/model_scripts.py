"""BullMQ 3.4.4's scripts for the model: each says which .lua file of bullmq/commands it follows.

Left out: priorities, rate limits, concurrency limits, parents, deduplication, metrics, most events.
"""

from hashlib import sha1
from typing import Any

import msgpack
from bullmq.redis_connection import SCRIPT_DEFINITIONS, loadScript

from tests.queue.protocol.model_redis import (
    MISSING_KEY,
    MISSING_LOCK,
    NOT_ACTIVE,
    OTHER_LOCK,
    ModelRedis,
    Reply,
    Script,
)
from tests.queue.protocol.own_scripts import give_up, keep_paused, last_event_is, reacquire
from worker.queue.claim import GIVE_UP, LAST_EVENT_IS, REACQUIRE
from worker.queue.pauses import KEEP_PAUSED

STALLED_OUT = "job stalled more than allowable limit"


def _unpack(word: str) -> Any:
    return msgpack.unpackb(word.encode("utf-8", "surrogateescape"))


def _add_marker(db: ModelRedis, meta: str, marker: str) -> None:
    if not db.do_hexists(meta, "paused"):
        db.do_zadd(marker, 0, "0")


def _remove_lock(db: ModelRedis, job_key: str, stalled: str, token: str, job_id: str) -> int:
    """Follow removeLock, the same in moveToDelayed-11, moveToFinished-14 and retryJob-11."""
    if token == "0":
        return 0
    lock = db.do_get(f"{job_key}:lock")
    if lock != token:
        return OTHER_LOCK if lock else MISSING_LOCK
    db.do_del(f"{job_key}:lock")
    db.do_srem(stalled, job_id)
    return 0


def _update_fields(db: ModelRedis, job_key: str, packed: str) -> None:
    if packed:
        db.do_hset(job_key, *map(str, _unpack(packed)))


def _promote(db: ModelRedis, delayed: str, wait: str, meta: str, marker: str, now: tuple[str, int]) -> None:
    """Follow promoteDelayedJobs, the same in moveToActive-11 and retryJob-11."""
    prefix, timestamp = now
    due = [job_id for job_id, score in db.ranked(delayed) if score <= (timestamp + 1) * 0x1000 - 1]
    for job_id in due:
        db.do_zrem(delayed, job_id)
        db.do_lpush(wait, job_id)
        db.do_hset(prefix + job_id, "delay", "0")
    if due:
        _add_marker(db, meta, marker)


def move_to_active(db: ModelRedis, keys: list[str], words: list[str]) -> Reply:
    """Follow moveToActive-11.lua: promote what is due, then take the oldest of wait under a new lock."""
    wait, active, delayed, meta, marker = keys[0], keys[1], keys[6], keys[8], keys[10]
    prefix, timestamp, options = words[0], words[1], _unpack(words[2])
    _promote(db, delayed, wait, meta, marker, (prefix, int(timestamp)))
    if db.do_hexists(meta, "paused"):
        return [0, 0, 0, 0]
    job_id = db.do_rpoplpush(wait, active)
    if job_id is None:
        later = db.ranked(delayed)
        # A Lua number becomes a whole one on its way out.
        return [0, 0, 0, int(later[0][1] / 0x1000)] if later else [0, 0, 0, 0]
    db.do_set(f"{prefix}{job_id}:lock", options["token"], "PX", str(options["lockDuration"]))
    db.do_hset(prefix + job_id, "processedOn", timestamp)
    db.do_hincrby(prefix + job_id, "ats", "1")
    db.do_zadd(marker, 0, "0")
    db.do_xadd(keys[3], "*", "event", "active", "jobId", job_id, "prev", "waiting")
    db.tell("taken", job_id, options["token"])
    return [db.do_hgetall(prefix + job_id), job_id, 0, 0]


def extend_locks(db: ModelRedis, keys: list[str], words: list[str]) -> Reply:
    """Follow extendLocks-1.lua: renew each lock that has our token, and name the others."""
    failed = []
    for token, job_id in zip(_unpack(words[1]), _unpack(words[2]), strict=True):
        lock = f"{words[0]}{job_id}:lock"
        if db.do_get(lock) != token:
            failed.append(job_id)
            continue
        db.do_set(lock, token, "PX", words[3])
        db.do_srem(keys[0], job_id)
        db.tell("renewed", job_id, token)
    return failed


def move_to_delayed(db: ModelRedis, keys: list[str], words: list[str]) -> Reply:
    """Follow moveToDelayed-11.lua, without fetching the next."""
    marker, active, delayed, job_key, stalled = keys[0], keys[1], keys[3], keys[4], keys[7]
    timestamp, job_id, token, delay = int(words[1]), words[2], words[3], int(words[4])
    if not db.do_exists(job_key):
        return MISSING_KEY
    if code := _remove_lock(db, job_key, stalled, token, job_id):
        return code
    _update_fields(db, job_key, words[6])
    if not db.do_lrem(active, "-1", job_id):
        return NOT_ACTIVE
    due_ms = timestamp + delay
    lowest, highest = due_ms * 0x1000, (due_ms + 1) * 0x1000 - 1
    taken = [score for _, score in db.ranked(delayed) if lowest <= score <= highest]
    if words[5] == "0":
        db.do_hincrby(job_key, "atm", "1")
    db.do_hset(job_key, "delay", words[4])
    db.do_zadd(delayed, min(max(taken) + 1, highest) if taken else lowest, job_id)
    db.do_zadd(marker, int(db.ranked(delayed)[0][1] / 0x1000), "1")
    db.tell("handed back", job_id, token)
    return 0


def retry_job(db: ModelRedis, keys: list[str], words: list[str]) -> Reply:
    """Follow retryJob-11.lua: from active to wait, one attempt spent."""
    active, wait, job_key, meta, delayed, marker, stalled = *keys[:2], *keys[3:5], keys[6], *keys[9:11]
    _promote(db, delayed, wait, meta, marker, (words[0], int(words[1])))
    if not db.do_exists(job_key):
        return MISSING_KEY
    if code := _remove_lock(db, job_key, stalled, words[4], words[3]):
        return code
    _update_fields(db, job_key, words[5] if len(words) > 5 else "")
    if not db.do_lrem(active, "-1", words[3]):
        return NOT_ACTIVE
    (db.do_rpush if words[2] == "RPUSH" else db.do_lpush)(wait, words[3])
    _add_marker(db, meta, marker)
    db.do_hincrby(job_key, "atm", "1")
    db.tell("failed an attempt of", words[3], words[4])
    return 0


def move_to_finished(db: ModelRedis, keys: list[str], words: list[str]) -> Reply:
    """Follow moveToFinished-14.lua, for a job without a parent; of removeOnComplete only `true` and left out."""
    active, stalled, target, job_key = keys[1], keys[4], keys[10], keys[11]
    job_id, timestamp, field, value, outcome, options = words[0], words[1], words[2], words[3], words[4], words[7]
    token = _unpack(options)["token"]
    if not db.do_exists(job_key):
        return MISSING_KEY
    holder = db.do_get(f"{job_key}:lock")
    if code := _remove_lock(db, job_key, stalled, token, job_id):
        return code
    _update_fields(db, job_key, words[8] if len(words) > 8 else "")
    if not db.do_lrem(active, "-1", job_id):
        return NOT_ACTIVE
    db.do_hincrby(job_key, "atm", "1")
    if _unpack(options)["keepJobs"].get("count") == 0:
        db.do_del(job_key)
    else:
        db.do_zadd(target, float(timestamp), job_id)
        db.do_hset(job_key, field, value, "finishedOn", timestamp)
        if outcome == "failed":
            db.do_hdel(job_key, "defa")
    db.do_xadd(keys[3], "*", "event", outcome, "jobId", job_id, field, value, "prev", "active")
    db.tell(outcome, job_id, token if holder == token else f"{token} though {holder} holds the lock")
    return 0


def move_stalled_jobs_to_wait(db: ModelRedis, keys: list[str], words: list[str]) -> Reply:
    """Follow moveStalledJobsToWait-9.lua, for jobs of no scheduler."""
    stalled, wait, active, check, meta, _paused, marker = keys[:7]
    if db.do_exists(check):
        return []
    db.do_set(check, words[2], "PX", words[3])
    moved = []
    for job_id in db.do_smembers(stalled):
        job_key = words[1] + job_id
        if db.do_exists(f"{job_key}:lock") or not db.do_lrem(active, "1", job_id):
            continue
        if db.do_hincrby(job_key, "stc", "1") > int(words[0]):
            db.do_hset(job_key, "defa", STALLED_OUT)
        db.do_rpush(wait, job_id)
        _add_marker(db, meta, marker)
        db.tell("stalled", job_id, "")
        moved.append(job_id)
    db.do_del(stalled)
    if ids := db.do_lrange(active, "0", "-1"):
        db.do_sadd(stalled, *ids)
    return moved


def update_progress(db: ModelRedis, keys: list[str], words: list[str]) -> Reply:
    """Follow updateProgress-3.lua."""
    if not db.do_exists(keys[0]):
        return MISSING_KEY
    db.do_hset(keys[0], "progress", words[1])
    return 0


_BY_NAME: dict[str, Script] = {
    "moveToActive": move_to_active,
    "extendLocks": extend_locks,
    "moveToDelayed": move_to_delayed,
    "retryJob": retry_job,
    "moveToFinished": move_to_finished,
    "moveStalledJobsToWait": move_stalled_jobs_to_wait,
    "updateProgress": update_progress,
}
_BY_TEXT: dict[str, tuple[str, Script]] = {
    **{loadScript(SCRIPT_DEFINITIONS[name]): (name, script) for name, script in _BY_NAME.items()},
    REACQUIRE: ("reacquire", reacquire),
    LAST_EVENT_IS: ("lastEventIs", last_event_is),
    GIVE_UP: ("giveUp", give_up),
    KEEP_PAUSED: ("keepPaused", keep_paused),
}


def digest(text: str) -> str:
    """Give what EVALSHA names a script by."""
    return sha1(text.encode(), usedforsecurity=False).hexdigest()


TEXTS = tuple(_BY_TEXT)
SCRIPTS: dict[str, Script] = {digest(text): script for text, (_, script) in _BY_TEXT.items()}
NAMES: dict[str, str] = {digest(text): name for text, (name, _) in _BY_TEXT.items()}

"""The worker's own scripts for the model."""

from tests.queue.protocol.model_redis import MISSING_KEY, NOT_ACTIVE, OTHER_LOCK, ModelRedis, Reply

TAKEN_SINCE, FINISHED = -7, -8


def reacquire(db: ModelRedis, keys: list[str], words: list[str], *, is_fenced: bool = True) -> Reply:
    """Follow the worker's own REACQUIRE."""
    job, lock, active, wait, paused, stalled = keys[:6]
    job_id, starts, token, lock_ms = words[:4]
    if not db.do_exists(job):
        return MISSING_KEY
    if is_fenced and db.do_hget(job, "ats") != starts:
        return TAKEN_SINCE
    if db.do_hexists(job, "finishedOn"):
        return FINISHED
    if db.do_get(lock) not in {None, token}:
        return OTHER_LOCK
    if db.do_lpos(active, job_id) is None:
        if db.do_lrem(wait, "1", job_id) + db.do_lrem(paused, "1", job_id) == 0:
            return NOT_ACTIVE
        db.do_lpush(active, job_id)
    db.do_set(lock, token, "PX", lock_ms)
    db.do_srem(stalled, job_id)
    db.tell("reclaimed", job_id, token)
    return 1


def last_event_is(db: ModelRedis, keys: list[str], words: list[str]) -> Reply:
    """Follow the worker's own LAST_EVENT_IS."""
    job_id, event, field, value = words
    for fields in reversed(db.at(keys[0]) or []):
        if fields["jobId"] == job_id and fields["event"] in {event, "active"}:
            return int(fields["event"] == event and fields.get(field) == value)
    return 0


def give_up(db: ModelRedis, keys: list[str], words: list[str]) -> Reply:
    """Follow the worker's own GIVE_UP."""
    job, lock, stalled, failed, events, *places = keys
    job_id, starts, token, reason, now_ms = words
    if db.do_get(lock) not in {None, token}:
        return OTHER_LOCK
    if db.do_exists(job) and db.do_hget(job, "ats") != starts:
        return TAKEN_SINCE
    db.do_del(lock)
    db.do_srem(stalled, job_id)
    for key in places[:3]:
        while db.do_lrem(key, "1", job_id):
            pass
    for key in places[3:]:
        db.do_zrem(key, job_id)
    if db.do_exists(job):
        db.do_hset(job, "failedReason", reason, "finishedOn", now_ms)
        db.do_hincrby(job, "atm", "1")
        db.do_hdel(job, "defa")
        db.do_zadd(failed, float(now_ms), job_id)
        db.do_xadd(events, "*", "event", "failed", "jobId", job_id, "failedReason", reason, "prev", "active")
    db.tell("failed, given up", job_id, token)
    return 1


def keep_paused(db: ModelRedis, keys: list[str], words: list[str]) -> Reply:
    """Follow the worker's own KEEP_PAUSED."""
    ids = db.do_lrange(keys[1], "0", "6999") if db.do_hexists(keys[0], "paused") else []
    if ids:
        db.do_rpush(keys[2], *ids)
        db.do_ltrim(keys[1], str(len(ids)), "-1")
    return len(ids)

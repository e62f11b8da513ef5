"""What must hold after chaos."""

import itertools
import json
import time
from collections import Counter

from tests.acceptance.faults.conftest import is_running
from tests.acceptance.faults.engine import Record
from tests.acceptance.faults.model_jobs import model_verdict
from tests.acceptance.faults.strikes import KEY, Chaos


def n_over(chaos: Chaos) -> int:
    """Count the jobs that are over; the unreadable ones do not count."""
    with chaos.server.client() as client:
        return int(client.zcard(f"{KEY}:completed")) + int(client.zcard(f"{KEY}:failed")) - len(chaos.unreadable)


def verdict(chaos: Chaos, ids: list[str]) -> list[str]:
    """List what is wrong."""
    wrong = []
    with chaos.server.client() as client:
        completed, failed = (client.zrange(f"{KEY}:{state}", 0, -1) for state in ("completed", "failed"))
        ends = Counter([*completed, *failed])
        wrong += [f"{job_id} ended {ends[job_id]} times" for job_id in (*ids, *chaos.unreadable) if ends[job_id] != 1]
        reasons = {job_id: str(client.hget(f"{KEY}:{job_id}", "failedReason")) for job_id in failed}
        wrong += [f"{job_id} failed: {reason}" for job_id, reason in reasons.items() if job_id in ids]
        wrong += [
            f"{job_id} failed: {reason}"
            for job_id, reason in reasons.items()
            if job_id not in ids and not reason.startswith("this job cannot be read: its ")
        ]
        left = [state for state in ("active", "wait", "paused", "delayed") if client.exists(f"{KEY}:{state}")]
        wrong += [f"jobs are left in {state}" for state in left]
        for job_id in set(completed) - set(chaos.unreadable):
            result = json.loads(client.hget(f"{KEY}:{job_id}", "returnvalue"))
            if result["status"] == "failed" and "has no model yet" in result["error"]:
                continue  # a prediction that came before the first update
            owners = {a["submissionId"].rpartition("-")[2] for a in result["assignments"]}
            wrong += [f"{job_id} has the result of {sorted(owners)}"] if owners != {job_id} else []
        events = client.xrange(f"{KEY}:events")
    told = Counter(event["jobId"] for _, event in events if event["event"] == "completed")
    wrong += [f"{job_id} was delivered {n} times" for job_id, n in sorted(told.items()) if n > 1]
    return wrong + overlaps(chaos, ids) + model_verdict(chaos, ids)


def overlaps(chaos: Chaos, ids: list[str]) -> list[str]:
    """List jobs that were computed twice at a time, though nobody let another worker take them."""
    wrong = []
    for job_id in ids:
        lives = chaos.record.lives(job_id)
        overlaps = [first for first, second in itertools.pairwise(lives) if second[0] < first[1]]
        if overlaps and job_id not in chaos.stolen:
            wrong.append(f"{job_id} was computed twice at a time")
    return wrong


def leftovers(record: Record, ids: list[str]) -> list[str]:
    """List compute processes that have outlived their worker."""
    pids = {pid for job_id in ids for pid in record.began(job_id)}
    deadline_s = time.monotonic() + 10
    while any(map(is_running, pids)) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    return [f"process {pid} is left" for pid in sorted(pids) if is_running(pid)]

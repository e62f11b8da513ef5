"""The rules of the protocol, and who breaks one."""

from collections.abc import Callable
from dataclasses import dataclass, field

# Beyond lock and stalled interval: a pick-up, and the seconds between two looks.
SLACK_S = 5.0
# A worker that lives finds by itself, every two seconds, what it has locked and never got.
ORPHAN_S = 7.0


@dataclass
class Watched:
    """What is known of one job.

    Attributes:
        token: of the latest pick-up; "" before the first.
        computing: the workers that compute it, with the token under which each does.
        robbed: tokens whose lock the test itself has taken away.
        n_computes: how often its computing began.
        delivered: whether its result is in Redis.
        told: how many workers said that they completed it.
        left_to_lapse: whether a worker has said that it could not record the job's end.
        idle_since_s: since when it is active and nobody has it; None if that is not so.
    """

    token: str = ""
    computing: dict[str, str] = field(default_factory=dict)
    robbed: set[str] = field(default_factory=set)
    n_computes: int = 0
    delivered: bool = False
    told: int = 0
    idle_since_s: float | None = None
    left_to_lapse: bool = False


class Referee:
    """Watches every change in Redis and in the workers.

    Attributes:
        violations: of the rules, in order; each one is a fault of the worker.
        story: what happened, a line each, for whoever reads a failure.
    """

    def __init__(self, now_s: Callable[[], float], ownerless_s: float) -> None:
        """Take the clock, and how long a job may be without an owner."""
        self._now_s = now_s
        self._ownerless_s = ownerless_s
        self.jobs: dict[str, Watched] = {}
        self.violations: list[str] = []
        self.story: list[str] = []

    def note(self, line: str) -> None:
        """Write a line of the story."""
        self.story.append(f"{self._now_s() - 1000:9.3f} {line}")

    def on_redis(self, what: str, job_id: str, token: str) -> None:
        """Look at what a script did, at the moment when Redis does it."""
        if what != "renewed":
            self.note(f"redis: {what} {job_id} {token[-6:] if what != 'completed' else token}")
        job = self.jobs[job_id]
        if what == "taken":
            job.left_to_lapse = False
            self._on_taken(job_id, job, token)
        elif what in {"renewed", "reclaimed"}:
            job.robbed.discard(token)
            if token != job.token:
                self.violate(f"{job_id}: {what} by one whose pick-up is not the latest")
        elif what == "completed":
            self._on_completed(job_id, job, token)
        elif what == "handed back" and token in job.computing.values():
            self.violate(f"{job_id}: handed back while it is computed under that very lock")
        elif what.startswith("failed"):
            self.violate(f"{job_id}: {what}, though no computing fails here")

    def _on_taken(self, job_id: str, job: Watched, token: str) -> None:
        if job.delivered:
            self.violate(f"{job_id}: taken after its delivery")
        if others := [worker for worker, held in job.computing.items() if held not in job.robbed]:
            self.violate(f"{job_id}: taken while {', '.join(others)} computes it")
        job.token = token

    def _on_completed(self, job_id: str, job: Watched, token: str) -> None:
        if job.delivered:
            self.violate(f"{job_id}: delivered twice")
        if token != job.token:
            self.violate(f"{job_id}: delivered by {token}, but the latest pick-up is {job.token}")
        job.delivered = True

    def on_compute(self, job_id: str, worker: str, token: str) -> None:
        """Note that a worker begins to compute a job."""
        self.note(f"{worker}: computes {job_id}")
        job = self.jobs[job_id]
        job.n_computes += 1
        if token in job.computing.values():
            self.violate(f"{job_id}: computed twice under one lock")
        job.computing[worker] = token

    def on_computed(self, job_id: str, worker: str) -> None:
        """Note that a worker computes a job no more, done or not."""
        self.note(f"{worker}: computes {job_id} no more")
        self.jobs[job_id].computing.pop(worker, None)

    def on_robbed(self, job_id: str, token: str) -> None:
        """Note that the test took a lock away."""
        self.note(f"test: deletes the lock of {job_id}")
        self.jobs[job_id].robbed.add(token)

    def on_log(self, worker: str, event: str, job_id: str, why: str) -> None:
        """Note a line of a worker's log."""
        self.note(f"{worker}: {event} {job_id} {why}".rstrip())
        if event in {"job_completed", "job_rejected"}:
            self.jobs[job_id].told += 1
            if not self.jobs[job_id].delivered:
                self.violate(f"{job_id}: {worker} says that it is delivered, and Redis has no result")
        if event in {"job_not_handed_back", "failure_not_recorded"}:
            self.jobs[job_id].left_to_lapse = True
        if event in {"job_failed", "listener_failed"}:
            self.violate(f"{job_id}: {worker} logs {event}: {why}")

    def look(self, nobodys: dict[str, bool], disturbed_until_s: float) -> None:
        """Look at the jobs that are active and that no worker has, each second.

        Args:
            nobodys: by job id, whether its lock is that of a worker that lives.
            disturbed_until_s: until then a fault is at work, and excuses them.
        """
        for job_id, job in self.jobs.items():
            if job_id not in nobodys:
                job.idle_since_s = None
                continue
            now_s = self._now_s()
            job.idle_since_s = max(job.idle_since_s or now_s, disturbed_until_s)
            is_orphan = nobodys[job_id] and not job.left_to_lapse
            if now_s - job.idle_since_s > (ORPHAN_S if is_orphan else self._ownerless_s + SLACK_S):
                self.violate(f"{job_id}: without an owner for {now_s - job.idle_since_s:.0f} s")
                job.idle_since_s = now_s

    def close(self) -> None:
        """Look once more, after all has been healed and waited for."""
        for job_id, job in self.jobs.items():
            if not job.delivered:
                self.violate(f"{job_id}: never delivered")
            if job.told > 1:
                self.violate(f"{job_id}: {job.told} deliveries were told of")

    def violate(self, text: str) -> None:
        """Note that a rule was broken."""
        self.note(f"VIOLATION: {text}")
        self.violations.append(text)

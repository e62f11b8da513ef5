"""The worker's metrics, for Prometheus."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from worker.compute.compute import Compute
from worker.contract.result import Document
from worker.jobs.kind import JobKind
from worker.jobs.registry import KINDS, Kinds
from worker.operations.prometheus_model_metrics import ModelTelemetry
from worker.operations.tracing import Tracing
from worker.streams import lost_lines
from worker.tracking.tracking import Tracking
from worker.version import WORKER_VERSION

# Seconds: a small warm batch takes a quarter of one, the deadline is five minutes by default.
JOB_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 240, 300, 600)
# Bytes: a day's comments have some hundred thousand, 10,000 comments with embeddings as numbers 160 million.
BYTES_BUCKETS = (1e5, 3e5, 1e6, 3e6, 1e7, 3e7, 1e8, 3e8)
STAGE_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Outcome(StrEnum):
    """How a taken job left this worker."""

    COMPLETED = "completed"
    FAILED = "failed"  # by the contract: delivered, with status "failed"
    SKIPPED = "skipped"  # there was nothing to do
    RAISED = "raised"
    TIMED_OUT = "timed_out"
    HANDED_BACK = "handed_back"
    CANCELLED = "cancelled"  # at somebody's request: delivered, with status "failed"
    LOST = "lost"  # to another worker, or removed
    STALLED = "stalled"  # failed for good: every worker that took it was gone
    UNREADABLE = "unreadable"  # failed for good: BullMQ's client cannot read the job


# No worker computed these jobs: their durations would say nothing.
UNTIMED = frozenset({Outcome.STALLED, Outcome.UNREADABLE})


class Telemetry:
    """The worker's metrics, in a registry that holds nothing else.

    Attributes:
        registry: what /metrics shows.
        kinds: of job, whose names are the label `kind`.
        tracing: where the traces of jobs go; nowhere until it is set.
        tracking: where runs go; nowhere until it is set.
    """

    def __init__(self, job_timeout_s: float, kinds: Kinds = KINDS, n_tenants: int = 0) -> None:
        """Make every series at zero, so that a rate sees the first event; see `ModelTelemetry` for `n_tenants`."""
        self.registry = CollectorRegistry()
        self.kinds = kinds
        self.tracing = Tracing()
        self.tracking = Tracking()
        own = self.registry
        ProcessCollector(registry=own)
        self._build = Info("topic_model_build", "Version, device and keyword encoder.", registry=own)
        self._jobs = Counter("topic_model_jobs", "Jobs that left this worker.", ["kind", "outcome"], registry=own)
        self._stalled = Counter("topic_model_stalled_jobs", "Jobs found whose worker was gone.", registry=own)
        self._orphans = Counter(
            "topic_model_orphans_handed_back",
            "Jobs handed back since the answer to their pick-up was lost.",
            registry=own,
        )
        self._job_s = Histogram(
            "topic_model_job_duration_seconds",
            "From pick-up to delivery.",
            ["kind", "outcome"],
            buckets=JOB_BUCKETS,
            registry=own,
        )
        self._stage_s = Histogram(
            "topic_model_stage_duration_seconds",
            "Of the stages that finished.",
            ["kind", "stage"],
            buckets=STAGE_BUCKETS,
            registry=own,
        )
        self._items = Counter("topic_model_items", "Comments in the batches that were begun.", ["kind"], registry=own)
        self._running = Gauge("topic_model_running_jobs", "Jobs that this worker holds now.", registry=own)
        self._success = Gauge(
            "topic_model_last_success_timestamp_seconds",
            "Unix time of the last result delivered, a failure by the contract included; at first, of the start.",
            registry=own,
        )
        self._renewals = Counter("topic_model_lock_renewals", "Renewals of locks.", ["result"], registry=own)
        self._make_queue_series(own)
        Gauge("topic_model_job_timeout_seconds", "A job that computes longer is stopped.", registry=own).set(
            job_timeout_s
        )
        self._models = ModelTelemetry(own, [kind.name for kind in kinds.values()], n_tenants)
        own.register(_LogCollector())
        self._success.set_to_current_time()
        for kind in kinds.values():
            self._make_series(kind)
        for result in ("ok", "failed"):
            self._renewals.labels(result)

    def _make_queue_series(self, own: CollectorRegistry) -> None:
        self._bytes = Histogram(
            "topic_model_job_data_bytes",
            "Of the jobs that were taken, as Redis stores their data.",
            ["kind"],
            buckets=BYTES_BUCKETS,
            registry=own,
        )
        self._queue = Gauge("topic_model_queue_jobs", "Jobs of the queue, by state.", ["state"], registry=own)
        self._redis = Gauge("topic_model_redis_up", "Whether Redis answered when it was last asked.", registry=own)
        self._memory = Gauge("topic_model_redis_memory_bytes", "That Redis uses.", registry=own)
        self._max_memory = Gauge("topic_model_redis_maxmemory_bytes", "Redis's limit; 0 for none.", registry=own)

    def _make_series(self, kind: JobKind[Any]) -> None:
        self._items.labels(kind.name)
        self._bytes.labels(kind.name)
        for outcome in Outcome:
            self._jobs.labels(kind.name, outcome)
            if outcome not in UNTIMED:
                self._job_s.labels(kind.name, outcome)
        for stage in kind.stages:
            self._stage_s.labels(kind.name, str(stage))

    def on_queue(self, counts: Mapping[str, int]) -> None:
        """Note how many jobs are in each state; no state if Redis did not say."""
        self._redis.set(bool(counts))
        if not counts:
            self._queue.clear()
        for state, count in counts.items():
            self._queue.labels(state).set(count)

    def watch(self, compute: Compute, is_alive: Callable[[], bool]) -> None:
        """Add the figures of the compute process and the verdict of /livez, both read when a scrape comes."""
        self.registry.register(_ComputeCollector(compute))
        alive = Gauge("topic_model_alive", "What /livez says: 1 for ok.", registry=self.registry)
        alive.set_function(is_alive)

    def on_ready(self, device: str, encoder: str) -> None:
        """Note what the compute process runs on."""
        self._build.info({"version": WORKER_VERSION, "device": device, "encoder": encoder})

    def on_memory(self, used_bytes: int, limit_bytes: int) -> None:
        """Note how much memory Redis uses, and its limit, 0 for none."""
        self._memory.set(used_bytes)
        self._max_memory.set(limit_bytes)

    def on_taken(self, kind: str, n_bytes: int) -> None:
        """Note a pick-up, and the size of the job's stored data."""
        self._running.inc()
        self._bytes.labels(kind).observe(n_bytes)

    def on_begun(self, kind: str, n_items: int) -> None:
        """Note a batch that passed its validation."""
        self._items.labels(kind).inc(n_items)

    def on_stage(self, kind: str, stage: str, duration_s: float) -> None:
        """Note a stage that finished."""
        self._stage_s.labels(kind, str(stage)).observe(duration_s)

    def on_settled(self, kind: str, outcome: Outcome, duration_s: float) -> None:
        """Note how a job ended, once for each `on_taken`."""
        self._jobs.labels(kind, outcome).inc()
        if outcome not in UNTIMED:
            self._job_s.labels(kind, outcome).observe(duration_s)
        if outcome in {Outcome.COMPLETED, Outcome.FAILED, Outcome.SKIPPED}:
            self._success.set_to_current_time()
        self._running.dec()

    def on_store(self, operation: str, duration_s: float, error: str) -> None:
        """Note a use of the model store; see `StoreUsed`."""
        self._models.on_store(operation, duration_s, error)

    def on_versions_removed(self, n: int) -> None:
        """Note old versions of a model that were removed."""
        self._models.on_versions_removed(n)

    def on_result(self, kind: str, document: Document) -> None:
        """Note a result that was delivered."""
        self._models.on_result(kind, document)

    def on_stalled(self) -> None:
        """Note a job that our check found without a worker."""
        self._stalled.inc()

    def on_orphan(self) -> None:
        """Note a job that was handed back since the answer to its pick-up was lost."""
        self._orphans.inc()

    def on_renewals(self, n_ok: int = 0, n_failed: int = 0) -> None:
        """Note locks that were, or could not be, renewed."""
        self._renewals.labels("ok").inc(n_ok)
        self._renewals.labels("failed").inc(n_failed)


class _LogCollector(Collector):
    """Reads how many lines of the log were lost, when a scrape comes."""

    def collect(self) -> Iterator[Metric]:
        yield CounterMetricFamily(
            "topic_model_log_lines_lost", "Lines that stderr did not take: reader gone, disk full.", lost_lines()
        )


class _ComputeCollector(Collector):
    """Reads the compute process's figures when a scrape comes."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute

    def collect(self) -> Iterator[Metric]:
        restarts = CounterMetricFamily(
            "topic_model_compute_restarts", "Compute processes after the first.", labels=["reason"]
        )
        for reason, n in self._compute.restarts.items():
            restarts.add_metric([reason], n)
        yield restarts
        yield GaugeMetricFamily(
            "topic_model_batch_started_timestamp_seconds",
            "Unix time at which the running batch was handed over for computing; 0 if none runs.",
            self._compute.batch_started_at,
        )
        yield GaugeMetricFamily(
            "topic_model_compute_resident_memory_bytes",
            "Of the compute process, now; 0 if there is none.",
            self._compute.resident_bytes,
        )
        vitals = self._compute.vitals
        if vitals is None:
            return
        cache = CounterMetricFamily("topic_model_encoder_cache", "Keywords looked up.", labels=["result"])
        cache.add_metric(["hit"], vitals.cache_hits)
        cache.add_metric(["miss"], vitals.cache_misses)
        yield cache
        if vitals.cuda_reserved_bytes is not None and vitals.cuda_allocated_bytes is not None:
            cuda = GaugeMetricFamily(
                "topic_model_cuda_memory_bytes",
                "Of the compute process, between batches; what a batch reserved stays reserved.",
                labels=["state"],
            )
            cuda.add_metric(["allocated"], vitals.cuda_allocated_bytes)
            cuda.add_metric(["reserved"], vitals.cuda_reserved_bytes)
            yield cuda

"""The metrics of the model store and of the models in it."""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from worker.contract.job_types import JobType
from worker.contract.result import Document
from worker.lifecycle.events import OPERATIONS
from worker.store.names import written_at

# Seconds: a folder answers within milliseconds, an object store within tenths; one that is away after minutes.
STORE_BUCKETS = (0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
LOST_RACE = "LostRace"
_KEEP_NOTHING = frozenset({JobType.PREDICT, JobType.TUNE})
LEVELS = ("LOW", "MEDIUM", "HIGH")


class ModelTelemetry:
    """Metrics about kept models, made in the registry of the worker."""

    def __init__(self, registry: CollectorRegistry, kinds: Iterable[str], n_tenants: int) -> None:
        """Make every series at zero.

        Args:
            registry: of the worker.
            kinds: of job, by name.
            n_tenants: of so many tenants, those with the latest results, the age of the model is told; 0 for of none.
        """
        self._store_s = Histogram(
            "topic_model_store_duration_seconds",
            "Uses of the model store.",
            ["operation"],
            buckets=STORE_BUCKETS,
            registry=registry,
        )
        self._errors = Counter(
            "topic_model_store_errors", "Uses of the model store that failed.", ["operation"], registry=registry
        )
        self._races = Counter(
            "topic_model_activations_lost",
            "Models that were made anew, because another job of the tenant was faster.",
            registry=registry,
        )
        self._kept = Counter("topic_model_models_kept", "Models that became active.", ["kind"], registry=registry)
        self._removed = Counter(
            "topic_model_versions_removed",
            "Old versions of models that were removed, as MODEL_KEEP_VERSIONS wants it.",
            registry=registry,
        )
        self._active = Gauge(
            "topic_model_active_model_timestamp_seconds",
            "Unix time at which the tenant's active model was written, as far as this worker knows.",
            ["tenant"],
            registry=registry,
        )
        self._drift = Gauge(
            "topic_model_drift_level",
            "Drift of the last batch of each kind that had enough comments to tell: 0 LOW, 1 MEDIUM, 2 HIGH.",
            ["kind"],
            registry=registry,
        )
        for operation in OPERATIONS:
            self._store_s.labels(operation)
            self._errors.labels(operation)
        for kind in kinds:
            if kind not in _KEEP_NOTHING:
                self._kept.labels(kind)
        self._n_tenants = n_tenants
        self._tenants: OrderedDict[str, float] = OrderedDict()

    def on_store(self, operation: str, duration_s: float, error: str) -> None:
        """Note a use of the store; see `StoreUsed`."""
        self._store_s.labels(operation).observe(duration_s)
        if error == LOST_RACE:
            self._races.inc()
        elif error:
            self._errors.labels(operation).inc()

    def on_versions_removed(self, n: int) -> None:
        """Note old versions that were removed."""
        self._removed.inc(n)

    def on_result(self, kind: str, document: Document) -> None:
        """Note what a delivered result says of its model."""
        match document.get("model"):
            case {"tenant": str(tenant), "version": str(version)}:
                pass
            case _:
                return
        if kind not in _KEEP_NOTHING:
            self._kept.labels(kind).inc()
        match document.get("drift"):
            # A batch that is too small tells nothing: the level before it stands.
            case {"level": str(level), "enough": True}:
                self._drift.labels(kind).set(LEVELS.index(level))
        written = written_at(version)
        if self._n_tenants and written is not None:
            self._note(tenant, written)

    def _note(self, tenant: str, written: datetime) -> None:
        # A prediction may have named an older version.
        at = max(written.timestamp(), self._tenants.pop(tenant, 0.0))
        self._tenants[tenant] = at
        self._active.labels(tenant).set(at)
        while len(self._tenants) > self._n_tenants:
            forgotten, _ = self._tenants.popitem(last=False)
            self._active.remove(forgotten)

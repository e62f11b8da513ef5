"""Traces by OpenTelemetry: a consumer span for each attempt, in its producer's trace, with a span for each stage.

Names follow the semantic conventions for messaging; what they do not name begins with `topic_model.`. Spans are sent
by a thread of the SDK, from a queue that drops what is too much: a collector that is away costs spans and nothing else.
"""

import asyncio
import json
import logging
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from opentelemetry import propagate
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, format_trace_id, set_span_in_context

from worker.operations.tracing import NO_TRACE, Attempt, JobTrace, Tracing
from worker.settings import Settings
from worker.topics.fit import StageFinished, StageStarted
from worker.version import WORKER_VERSION

SERVICE: Final = "topic-model-worker"
# How long the worker's end may wait for the last spans.
CLOSE_S: Final = 1.0
_CHECK_S: Final = 0.02
_REASON_CHARS: Final = 200

log = structlog.get_logger()


class OtlpTracing(Tracing):
    """Sends traces to the collector of OTEL_EXPORTER_OTLP_ENDPOINT; the SDK reads its other variables itself."""

    def __init__(self, settings: Settings) -> None:
        """Start the thread that sends; nothing is sent yet."""
        # Everybody's, not only ours: the SDK's own lines would stand in the log as bare text.
        logger = logging.getLogger("opentelemetry")
        logger.propagate = False
        said = _LastLine()
        logger.handlers = [said]
        resource = Resource.create()
        if str(resource.attributes.get("service.name", "")).startswith("unknown_service"):
            resource = resource.merge(Resource({"service.name": SERVICE}))
        resource = resource.merge(Resource({"service.version": WORKER_VERSION}))
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(_ToldExporter(OTLPSpanExporter(), said)))
        self._tracer = self._provider.get_tracer(SERVICE, WORKER_VERSION)
        self._queue = settings.queue_name
        self._shared = {
            "messaging.system": "bullmq",
            "messaging.destination.name": settings.queue_name,
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.client.id": socket.gethostname(),
            **_server(settings.redis_address),
        }

    def begin(self, attempt: Attempt) -> JobTrace:
        """Begin the trace of an attempt, as a part of its producer's if the job carries that one's context."""
        try:
            attributes = self._shared | {
                "messaging.message.id": attempt.job_id,
                "messaging.message.body.size": attempt.n_bytes,
                "topic_model.kind": attempt.kind,
                "topic_model.attempt": attempt.number,
            }
            name, parent = f"process {self._queue}", _context_of(attempt.options.get("tm"))
            span = self._tracer.start_span(name, parent, SpanKind.CONSUMER, attributes)
        except Exception as error:  # noqa: BLE001 - a job is worth more than its trace
            log.debug("trace_not_begun", reason=type(error).__name__)
            return NO_TRACE
        return _OtlpTrace(self._tracer, span)

    async def close(self) -> None:
        """Send what is left, for a short time: a collector that is silent must not hold the worker's end up."""
        # A daemon, so that the interpreter does not wait for it either.
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        ends_s = time.monotonic() + CLOSE_S
        while closing.is_alive() and time.monotonic() < ends_s:
            await asyncio.sleep(_CHECK_S)


class _OtlpTrace(JobTrace):
    """The span of an attempt, and those of its stages; a stage that never finishes ends with the attempt."""

    def __init__(self, tracer: Tracer, span: Span) -> None:
        super().__init__()
        self._tracer = tracer
        self._span = span
        self._context = set_span_in_context(span, Context())
        self._began_ns: dict[str, int] = {}
        self._reason: str | None = None
        self.ids = {"trace_id": format_trace_id(span.get_span_context().trace_id)}

    def on_request(self, n_items: int) -> None:
        self._span.set_attribute("topic_model.items", n_items)

    def on_stage(self, event: StageStarted | StageFinished) -> None:
        now_ns = time.time_ns()
        if isinstance(event, StageStarted):
            self._began_ns[str(event.stage)] = now_ns
            return
        self._began_ns.pop(str(event.stage), None)
        details = {f"topic_model.{name}": value for name, value in event.details.items()}
        self._add(str(event.stage), now_ns - round(event.duration_s * 1e9), now_ns, details)

    def on_error(self, reason: str) -> None:
        self._reason = reason

    def end(self, outcome: str) -> None:
        now_ns = time.time_ns()
        for stage, began_ns in self._began_ns.items():
            self._add(stage, began_ns, now_ns, {}, self._reason)
        self._span.set_attribute("topic_model.outcome", outcome)
        _fail(self._span, outcome, self._reason)
        self._span.end(now_ns)

    def _add(
        self, stage: str, began_ns: int, ended_ns: int, details: Mapping[str, Any], reason: str | None = None
    ) -> None:
        attributes = {"topic_model.stage": stage, **details}
        span = self._tracer.start_span(stage, self._context, SpanKind.INTERNAL, attributes, start_time=began_ns)
        _fail(span, "unfinished", reason)
        span.end(ended_ns)


class _LastLine(logging.Handler):
    """Keeps what the SDK said last, for the one line that the worker's own log gets."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = " ".join(record.getMessage().split())[:_REASON_CHARS]


class _ToldExporter(SpanExporter):
    """Says once that a collector takes no spans, and once that it takes them again."""

    def __init__(self, exporter: SpanExporter, said: _LastLine) -> None:
        self._exporter = exporter
        self._said = said
        self._is_failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        try:
            result = self._exporter.export(spans)
        except Exception as error:  # noqa: BLE001 - it would end in the SDK's own log
            result, self._said.text = SpanExportResult.FAILURE, type(error).__name__
        has_failed = result is not SpanExportResult.SUCCESS
        if has_failed and not self._is_failing:
            log.warning(
                "traces_not_sent",
                reason=self._said.text,
                hint="jobs go on, their traces are lost; is the collector of OTEL_EXPORTER_OTLP_ENDPOINT there, and "
                "does it take OTLP over HTTP (mostly port 4318)?",
            )
        elif self._is_failing and not has_failed:
            log.info("traces_sent_again")
        self._is_failing = has_failed
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


def _fail(span: Span, kind: str, reason: str | None) -> None:
    if reason is not None:
        span.set_attribute("error.type", kind)
        span.add_event("exception", {"exception.type": kind, "exception.message": reason})
        span.set_status(Status(StatusCode.ERROR, reason))


def _context_of(metadata: object) -> Context:
    """Read the context that a producer with bullmq-otel stores with its job; an empty one if there is none."""
    try:
        carrier = json.loads(metadata) if isinstance(metadata, str) else None
    except (ValueError, RecursionError):
        carrier = None
    fields = carrier if isinstance(carrier, dict) else {}
    return propagate.extract({name: text for name, text in fields.items() if isinstance(text, str)}, Context())


def _server(redis_address: str) -> dict[str, str | int]:
    parts = urlsplit(redis_address)
    if not parts.hostname:
        return {"server.address": parts.path}
    return {"server.address": parts.hostname, "server.port": parts.port or 6379}

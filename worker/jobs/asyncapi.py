"""`--schema asyncapi`: queue, messages and replies as an AsyncAPI 3 document, around the same schemas as `--schema`."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from worker.jobs.registry import KINDS, Kinds
from worker.version import WORKER_VERSION

_DEFS, _SCHEMAS = "#/$defs/", "#/components/schemas/"
_PROGRESS: Final = "TopicModelProgress"
_ABOUT: Final = (
    "Turns batches of student comments into topics. A producer adds a job to a BullMQ queue in Redis (BullMQ for Node "
    "5.71 and later, 6.x included, or for Python); the worker completes it with a result as its return value. A batch "
    'whose data is at fault is a completed job with status "failed"; if the infrastructure breaks, the attempt fails '
    "and BullMQ retries as the job's options say, and `failedReason` tells why the last one failed."
)
_PARAMETERS: Final = {
    "prefix": {"description": "Of all keys of the queue: the worker's BULLMQ_PREFIX.", "default": "bull"},
    "queue": {"description": "The worker's TOPIC_MODEL_QUEUE.", "default": "topic-model"},
}
_JOB_ID: Final = {
    "description": "The id that the producer gave to the job, such as <pipelineId>--topic-model.",
    "location": "$message.header#/jobId",
}
_OPTIONS: Final = {
    "type": "object",
    "description": "Options of the BullMQ job. BullMQ itself writes more of them.",
    "properties": {
        "jobId": {"type": "string", "description": "An id that Redis holds already adds no second job."},
        "attempts": {"type": "integer", "minimum": 1, "description": "How often the job is tried; once if left out."},
        "backoff": {
            "type": "object",
            "properties": {
                "type": {"type": "string", "enum": ["fixed", "exponential"]},
                "delay": {"type": "number", "minimum": 0, "description": "Milliseconds."},
            },
        },
        "tm": {
            "type": "string",
            "description": "The producer's trace context as bullmq-otel writes it: JSON with `traceparent`. The worker "
            "continues the trace.",
        },
    },
}


def show_asyncapi(kinds: Kinds = KINDS) -> str:
    """Render the document as it is committed in integration/: indented, a newline at the end."""
    return json.dumps(asyncapi(kinds), indent=2, ensure_ascii=False) + "\n"


def asyncapi(kinds: Kinds = KINDS) -> dict[str, Any]:
    """Describe the kinds of job by AsyncAPI 3.0; its JSON Schemas are those of `--schema`.

    Of the dialects these use only what draft 7 has too, which is what AsyncAPI takes without a name of the dialect.
    """
    schemas = {name: _moved(part) for kind in kinds.values() for name, part in kind.definitions().items()}
    names = [_name_of(kind.name) for kind in kinds.values()]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Topic model worker",
            "version": WORKER_VERSION,
            "description": _ABOUT,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "redis": {"host": "localhost:6379", "protocol": "redis", "description": "The worker's REDIS_URL."},
        },
        "channels": {
            "jobs": {
                "address": "{prefix}:{queue}",
                "title": "Jobs that wait",
                "description": "A BullMQ queue; the message is the job's `data`.",
                "parameters": _PARAMETERS,
                "messages": {name: _reference("messages", f"{name}Request") for name in names},
            },
            "ends": {
                "address": "{prefix}:{queue}:{jobId}",
                "title": "The job itself",
                "description": "A hash in Redis, which BullMQ's queue events tell of: the result is its `returnvalue`, "
                "the progress its `progress`.",
                "parameters": {**_PARAMETERS, "jobId": _JOB_ID},
                "messages": {
                    **{name: _reference("messages", f"{name}Result") for name in names},
                    "progress": _reference("messages", _PROGRESS),
                },
            },
        },
        "operations": {**{name: _operation(name) for name in names}, "progress": _progress()},
        "components": {"messages": _messages(kinds), "schemas": dict(sorted(schemas.items()))},
    }


def _operation(name: str) -> dict[str, Any]:
    return {
        "action": "receive",
        "channel": {"$ref": "#/channels/jobs"},
        "messages": [{"$ref": f"#/channels/jobs/messages/{name}"}],
        "reply": {
            "channel": {"$ref": "#/channels/ends"},
            "messages": [{"$ref": f"#/channels/ends/messages/{name}"}],
        },
    }


def _progress() -> dict[str, Any]:
    return {
        "action": "send",
        "summary": "How far a job is, written as each stage begins.",
        "channel": {"$ref": "#/channels/ends"},
        "messages": [{"$ref": "#/channels/ends/messages/progress"}],
    }


def _messages(kinds: Kinds) -> dict[str, Any]:
    messages: dict[str, Any] = {}
    for kind in kinds.values():
        name = _name_of(kind.name)
        request, result = f"{name}Request", f"{name}Result"
        messages[request] = {
            "name": kind.name,
            "title": f"Batch of the kind {kind.name}",
            "correlationId": {"location": "$message.payload#/metadata/pipelineId"},
            "headers": _OPTIONS,
            "payload": _reference("schemas", request),
        }
        messages[result] = {
            "name": f"{kind.name} result",
            "title": f"Result of the kind {kind.name}",
            "payload": _reference("schemas", result),
        }
    return {**messages, _PROGRESS: {"name": "progress", "payload": _reference("schemas", _PROGRESS)}}


def _name_of(kind: str) -> str:
    """Name a kind as its schemas are named: `topic-model.update` is TopicModelUpdate."""
    return "".join(part.capitalize() for part in re.split(r"[-.]", kind))


def _reference(part: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{part}/{name}"}


def _moved(part: Any) -> Any:
    """Let the references of a schema point to where AsyncAPI has the schemas."""
    if isinstance(part, Mapping):
        return {
            key: value.replace(_DEFS, _SCHEMAS) if key == "$ref" and isinstance(value, str) else _moved(value)
            for key, value in part.items()
        }
    return [_moved(each) for each in part] if isinstance(part, list) else part

"""What the JSON Schema says of an envelope beyond the rules of its fields."""

from typing import Any, Final

from pydantic import BaseModel

# Of an envelope: each item has its embedding, unless the worker is asked to make those that are missing.
_EMBEDDING_UNLESS_MADE: Final = {
    "if": {
        "type": "object",
        "required": ["params"],
        "properties": {
            "params": {
                "type": "object",
                "required": ["embed_missing"],
                "properties": {"embed_missing": {"const": True}},
            }
        },
    },
    "else": {
        "properties": {
            "items": {"items": {"required": ["embedding"], "properties": {"embedding": {"type": ["array", "string"]}}}}
        }
    },
}


class Metadata(BaseModel):
    """Ids that appear in the worker's log; more keys are welcome."""

    pipelineId: str | None = None
    runId: str | None = None


def request(envelope: dict[str, Any], description: str) -> dict[str, Any]:
    """Complete the definition of an envelope by what no rule reads."""
    properties = envelope["properties"]
    properties["items"] = {"type": "array", "items": {"$ref": "#/$defs/Item"}}
    properties["jobId"] = {"type": "string"}
    properties["metadata"] = {"$ref": "#/$defs/Metadata"}
    properties["publishedAt"] = {"type": "string"}
    return envelope | {"description": description, **_EMBEDDING_UNLESS_MADE}

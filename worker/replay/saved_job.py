"""`--save-job` writes the envelope to a file for a bug report; `--redact` replaces its words by pseudonyms."""

import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from worker.contract.item import is_packed
from worker.contract.job_types import JobType
from worker.contract.rules import Params
from worker.replay.files import write_file
from worker.replay.request import BadUsage
from worker.store.names import is_tenant, is_version
from worker.topics.words.academic_aspects import ACADEMIC_ASPECTS

# Redaction keeps these keys only: any other key might hold personal data.
_ENVELOPE_KEYS: Final = ("jobId", "version", "type", "items", "params", "metadata", "publishedAt")
_METADATA_KEYS: Final = ("pipelineId", "runId", "chunkIndex", "chunkCount")
_ITEM_KEYS: Final = ("submissionId", "text", "embedding")


def save_job(path: str, data: object, *, redact: bool) -> None:
    """Write an envelope as JSON, gzipped if the path ends in .gz; the same envelope gives the same bytes.

    Raises:
        UnwritableFile: the path cannot be written.
        BadUsage: it is to be redacted, but is not an envelope with items.
    """
    document = redacted(data) if redact else data
    # ASCII with escapes: half of a surrogate pair, which a broken envelope may hold, cannot be written as UTF-8.
    content = json.dumps(document, separators=(",", ":")).encode("ascii")
    write_file(path, gzip.compress(content, mtime=0) if path.endswith(".gz") else content)


def redacted(data: object) -> dict[str, Any]:
    """Give a copy of an envelope with pseudonyms instead of words, and without keys that the contract does not name.

    Ids, numbers and embeddings are kept. The names of aspects are kept, their seeds are replaced. If the built-in
    aspects are switched on, they are written into the copy with replaced seeds: the texts hold no real words any more
    that the built-in seeds could match.

    Raises:
        BadUsage: it is not an envelope with items.
    """
    if not isinstance(data, dict) or not isinstance(items := data.get("items"), list):
        raise BadUsage("--redact: the batch is not an envelope with a list of items; nothing was saved")
    from worker.topics.words.redaction import redact_texts

    params = _params(data.get("params"))
    positions = [index for index, item in enumerate(items) if isinstance(item, dict) and type(item.get("text")) is str]
    aspects = _aspects(params)
    seeds = [seed for words in aspects.values() for seed in words]
    sent_stop_words = params.get("stop_words") if isinstance(params, dict) else None
    texts, new_seeds = redact_texts([items[index]["text"] for index in positions], seeds, sent_stop_words or ())
    by_position = dict(zip(positions, texts, strict=True))
    envelope: dict[str, Any] = {key: _scalar(data[key]) for key in _ENVELOPE_KEYS if key in data}
    envelope["items"] = [_item(item, by_position.get(index)) for index, item in enumerate(items)]
    if envelope.get("type") not in (None, *JobType):
        envelope["type"] = "another"
    if "model" in data:
        envelope["model"] = _model(data["model"])
    if isinstance(data.get("metadata"), dict):
        envelope["metadata"] = {
            key: _scalar(data["metadata"][key]) for key in _METADATA_KEYS if key in data["metadata"]
        }
    if "params" in data:
        next_seed = iter(new_seeds)
        named = {name: [next(next_seed) for _ in words] for name, words in aspects.items()}
        envelope["params"] = params | {"aspects": (params.get("aspects") or {}) | named} if aspects else params
        if sent_stop_words:
            # The redacted texts no longer hold these words.
            envelope["params"] = envelope["params"] | {"stop_words": []}
    return envelope


def _item(item: object, text: str | None) -> object:
    if not isinstance(item, dict):
        return None if isinstance(item, str | list) else item
    kept = {key: item[key] for key in _ITEM_KEYS if key in item}
    if "submissionId" in kept:
        kept["submissionId"] = _scalar(kept["submissionId"])
    if "text" in kept:
        # If the text is empty or not a string, the bug report is about that: the copy must be as wrong.
        kept["text"] = (text if item["text"] else "") if text is not None else None
    if "embedding" in kept:
        kept["embedding"] = _embedding(item["embedding"])
    return kept


def _embedding(value: object) -> object:
    """Keep numbers, also packed ones; a string that is not certainly such may be a comment."""
    if isinstance(value, list):
        return [None if isinstance(number, str | list | dict) else number for number in value]
    if isinstance(value, str) and not is_packed(value):
        return None
    return None if isinstance(value, dict) else value


def _model(model: object) -> object:
    """Replace a tenant by another name, if it is one; a version tells a time only."""
    if not isinstance(model, dict):
        return _emptied(model)
    kept: dict[str, Any] = {}
    if "tenant" in model:
        tenant = model["tenant"]
        kept["tenant"] = "tenant" if isinstance(tenant, str) and is_tenant(tenant) else _emptied(tenant)
    if "version" in model:
        version = model["version"]
        kept["version"] = version if isinstance(version, str) and is_version(version) else _emptied(version)
    return kept


def _params(params: object) -> Any:
    """Keep the parameters that the contract names; a value of a wrong type is replaced by an empty one of that type."""
    if not isinstance(params, dict):
        return _emptied(params)
    return {
        name: {aspect: words if _is_seeds(words) else None for aspect, words in value.items()}
        if name == "aspects" and isinstance(value, dict)
        else value
        if name == "stop_words" and _is_seeds(value)
        else _emptied(value)
        for name, value in params.items()
        if name in Params.model_fields
    }


def _aspects(params: Any) -> Mapping[str, Sequence[str]]:
    """Give the aspects whose seeds are to be replaced: those of the parameters, or the built-in ones if switched on."""
    if not isinstance(params, dict):
        return {}
    aspects = params.get("aspects")
    if aspects is None:
        return ACADEMIC_ASPECTS if params.get("tier1_guided") is True else {}
    return {name: words for name, words in aspects.items() if words is not None} if isinstance(aspects, dict) else {}


def _is_seeds(words: object) -> bool:
    return isinstance(words, list) and all(isinstance(word, str) for word in words)


def _emptied(value: object) -> object:
    return type(value)() if isinstance(value, str | list | dict) else value


def _scalar(value: object) -> object:
    return None if isinstance(value, list | dict) else value

"""A second, naive reading of the contract's request, to judge `read_envelope` by.

Written from CONTRACT.md alone; slow, and in the words of the page.
"""

import base64
import math
import re
import struct
from datetime import datetime
from typing import Any

MINIMA = {
    "min_topic_size": 2,
    "nr_topics": 1,
    "umap_n_neighbors": 2,
    "umap_n_components": 1,
    "hdbscan_min_samples": 1,
    "min_documents": 1,
}
MAXIMA = {"nr_topics": 1000, "umap_n_neighbors": 200, "umap_n_components": 100, "hdbscan_min_samples": 200}


def expected_start(data: Any) -> str:
    """How the `error` must begin, or "" if the envelope is sound."""
    if not _follows_the_rules(data):
        return "Invalid envelope: "
    items = data["items"]
    required = (data.get("params") or {}).get("min_topic_size")
    required = 15 if required is None else min(int(required), 2**31 - 1)
    if len(items) < required:
        return f"Received {len(items)} items, need at least {required} (min_topic_size) "
    for position, item in enumerate(items):
        length = len(_numbers(item["embedding"]))
        if length != 768:
            return f"Expected 768-dim embeddings, got {length} (items[{position}], submissionId "
    n_kept = sum(math.hypot(*map(float, _numbers(item["embedding"]))) >= 1e-8 for item in items)
    if n_kept == 0:
        return "All embeddings are zero vectors"
    if n_kept < required:
        return f"After filtering zero vectors, only {n_kept} items remain (need {required})"
    return ""


def _follows_the_rules(data: Any) -> bool:
    if not isinstance(data, dict) or not isinstance(data.get("items"), list):
        return False
    version, kind, params = data.get("version"), data.get("type"), data.get("params")
    if version is not None and not (isinstance(version, str) and version.split(".")[0] == "1"):
        return False
    if kind not in (None, "topic-model") or not _params_follow(params) or not _model_follows(data.get("model")):
        return False
    if not all(map(_item_follows, data["items"])):
        return False
    return len({item["submissionId"] for item in data["items"]}) == len(data["items"])


def _model_follows(model: Any) -> bool:
    if model is None:
        return True
    if not isinstance(model, dict) or not isinstance(model.get("tenant"), str):
        return False
    tenant, version = model["tenant"], model.get("version")
    letters, others = "abcdefghijklmnopqrstuvwxyz0123456789", "_-"
    if not 1 <= len(tenant) <= 63 or tenant[0] not in letters or not set(tenant) <= {*letters, *others}:
        return False
    return version is None or (isinstance(version, str) and _is_version(version))


def _is_version(name: str) -> bool:
    stamp, _, number = name[:15], name[15:16], name[16:]
    if len(name) > 15 and (name[15] != "_" or not (number.isascii() and number.isdigit() and number[0] != "0")):
        return False
    if not name.isascii() or len(number) > 6:
        return False
    try:
        return datetime.strptime(stamp, "%Y%m%d_%H%M%S").strftime("%Y%m%d_%H%M%S") == stamp
    except ValueError:
        return False


def _params_follow(params: Any) -> bool:
    if params is None:
        return True
    if not isinstance(params, dict):
        return False
    flag = params.get("reduce_outliers")
    if flag is not None and not isinstance(flag, bool):
        return False
    return all(_count_follows(params.get(name), minimum, MAXIMA.get(name)) for name, minimum in MINIMA.items())


def _count_follows(value: Any, minimum: int, maximum: int | None) -> bool:
    if value is None:
        return True
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if not (isinstance(value, int) or value.is_integer()):
        return False
    return value >= minimum and (maximum is None or value <= maximum)


def _item_follows(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and _is_text(item.get("submissionId"))
        and _is_text(item.get("text"))
        and _are_finite_numbers(_numbers(item.get("embedding")))
    )


def _numbers(embedding: Any) -> list[Any]:
    """The numbers of an embedding, also of one that is packed; [None] if it is neither."""
    if isinstance(embedding, list):
        return embedding
    if not isinstance(embedding, str) or not re.fullmatch(r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2,3}=+)?", embedding):
        return [None]
    packed = base64.b64decode(embedding + "===") if len(embedding) % 4 == 0 else b"?"
    return list(struct.unpack(f"<{len(packed) // 4}f", packed)) if len(packed) % 4 == 0 else [None]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != "" and not _has_surrogate(value)


def _has_surrogate(value: str) -> bool:
    return re.search("[\ud800-\udfff]", value) is not None


def _are_finite_numbers(values: list[Any]) -> bool:
    if not set(map(type, values)) <= {int, float}:
        return False
    try:
        return all(map(math.isfinite, values))
    except OverflowError:
        return False

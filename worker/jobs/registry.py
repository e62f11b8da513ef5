"""The only list of the kinds of job, and which kind an envelope is of."""

import importlib
import json
from collections.abc import Mapping
from typing import Any, Final

from worker.contract.schema import as_schema
from worker.jobs.kind import JobKind
from worker.jobs.predict import PREDICT
from worker.jobs.rebuild import REBUILD
from worker.jobs.topic_model import TOPIC_MODEL
from worker.jobs.tune import TUNE
from worker.jobs.update import UPDATE

Kinds = Mapping[str, JobKind[Any]]

KINDS: Final[Kinds] = {kind.name: kind for kind in (TOPIC_MODEL, UPDATE, PREDICT, REBUILD, TUNE)}
# The kind of an envelope without a `type`, or with an unknown one: its `read` rejects the latter, with all other flaws.
DEFAULT_KIND: Final = TOPIC_MODEL


def kinds_with(test_kind: str) -> Kinds:
    """Give the kinds, and one of the project's tests if it is named.

    Args:
        test_kind: "module:name" of a `JobKind`, or "".
    """
    if not test_kind:
        return KINDS
    module, _, name = test_kind.partition(":")
    kind: JobKind[Any] = getattr(importlib.import_module(module), name)
    return {**KINDS, kind.name: kind}


def kind_of(data: object, kinds: Kinds = KINDS) -> JobKind[Any]:
    """Give the kind that reads an envelope; looks at nothing but its `type`.

    Args:
        data: any JSON value.
        kinds: to choose from.
    """
    name = data.get("type") if isinstance(data, dict) else None
    return kinds.get(name, DEFAULT_KIND) if isinstance(name, str) else DEFAULT_KIND


def show_schema(kinds: Kinds = KINDS) -> str:
    """Render the JSON Schema of all kinds as it is committed in integration/: indented, a newline at the end."""
    definitions = {name: part for kind in kinds.values() for name, part in kind.definitions().items()}
    return json.dumps(as_schema(definitions), indent=2, ensure_ascii=False) + "\n"

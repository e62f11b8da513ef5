"""`--set` and `--sweep`: parameters put over those of an envelope, by the contract's own rules."""

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from worker.contract.flaws import Flaws
from worker.contract.rules import Params
from worker.replay.request import BadUsage

NAMES: Final = tuple(Params.model_fields)


def read_settings(arguments: tuple[str, ...]) -> dict[str, Any]:
    """Read `name=value` each; a value is JSON, and a later one replaces an earlier one.

    Raises:
        BadUsage: no such parameter, or no such value of it.
    """
    return dict(_setting(argument, "--set") for argument in arguments)


def read_sweep(argument: str) -> tuple[str, list[Any]]:
    """Read `name=value,value,…`; each value once, in their order.

    Raises:
        BadUsage: no such parameter, or no such value of it.
    """
    name, _, values = argument.partition("=")
    found = [_setting(f"{name}={value}", "--sweep")[1] for value in values.split(",")]
    return name, list({json.dumps(value): value for value in found}.values())


def with_params(data: object, params: Mapping[str, Any]) -> object:
    """Put parameters over those of an envelope; what is no envelope stays what it is."""
    if not params or not isinstance(data, dict):
        return data
    own = data.get("params")
    if not isinstance(own, dict | None):
        return data
    return {**data, "params": {**(own or {}), **params}}


def _setting(argument: str, flag: str) -> tuple[str, Any]:
    name, equals, written = argument.partition("=")
    if not equals or not written:
        raise BadUsage(f"{flag} {argument}: write it as NAME=VALUE, e.g. {flag} min_topic_size=10")
    if name not in NAMES:
        raise BadUsage(f"{flag} {argument}: there is no parameter {name}; there are {', '.join(NAMES)}")
    try:
        value = json.loads(written)
        Params.model_validate({name: value})
    except ValidationError as error:
        flaws = Flaws()
        flaws.add_all(error, at="")
        raise BadUsage(f"{flag} {argument}: {flaws.line().removeprefix('Invalid envelope: ')}") from None
    except (ValueError, RecursionError):
        raise BadUsage(f"{flag} {argument}: {written} is no number, true, false, null or JSON") from None
    return name, value

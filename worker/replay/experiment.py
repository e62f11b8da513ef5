"""`--set` and `--sweep`: replace parameters of an envelope; the contract's rules say which values are allowed."""

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from worker.contract.rejection_text import Flaws
from worker.contract.rules import Params
from worker.contract.tuning_envelope import TuneParams
from worker.replay.request import BadUsage

NAMES: Final = tuple(Params.model_fields)


def read_settings(arguments: tuple[str, ...]) -> dict[str, Any]:
    """Read arguments of the form `name=value`; a value is JSON, and the last one given for a name counts.

    Raises:
        BadUsage: there is no such parameter, or it does not allow this value.
    """
    return dict(_setting(argument, "--set") for argument in arguments)


def read_sweep(argument: str, flag: str = "--sweep") -> tuple[str, list[Any]]:
    """Read an argument of the form `name=value,value,…`; each distinct value once, in the given order.

    Args:
        argument: as it was given.
        flag: for the message.

    Raises:
        BadUsage: there is no such parameter, or it does not allow this value.
    """
    name, _, values = argument.partition("=")
    found = [_setting(f"{name}={value}", flag)[1] for value in values.split(",")]
    return name, list({json.dumps(value): value for value in found}.values())


def read_grid(arguments: tuple[str, ...]) -> dict[str, list[Any]]:
    """Read arguments of the form `name=value,value,…`, each of another name, as the grid of a search for settings.

    Raises:
        BadUsage: a name is given twice, or the contract allows no such grid.
    """
    grid: dict[str, list[Any]] = {}
    for argument in arguments:
        name, values = read_sweep(argument, "--grid")
        if name in grid:
            raise BadUsage(f"--grid {name} is given twice: write all its values at once, as --grid {name}=V,V,V")
        grid[name] = values
    try:
        TuneParams.model_validate({"grid": grid or None})
    except ValidationError as error:
        raise BadUsage(f"--grid: {_told(error).removeprefix('grid: ')}") from None
    return grid


def with_params(data: object, params: Mapping[str, Any]) -> object:
    """Give a copy of an envelope with these parameters replaced; anything but an envelope is given back unchanged."""
    if not params or not isinstance(data, dict):
        return data
    sent = data.get("params")
    if not isinstance(sent, dict | None):
        return data
    return {**data, "params": {**(sent or {}), **params}}


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
        raise BadUsage(f"{flag} {argument}: {_told(error)}") from None
    except (ValueError, RecursionError):
        raise BadUsage(f"{flag} {argument}: {written} is not a number, true, false, null or other JSON") from None
    return name, value


def _told(error: ValidationError) -> str:
    flaws = Flaws()
    flaws.add_all(error, at="")
    return flaws.line().removeprefix("Invalid envelope: ")

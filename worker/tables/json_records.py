"""JSON Lines: an object a line; also one JSON array of objects."""

import json
from collections.abc import Iterator

from worker.tables.table import Table, UnreadableTable


def read_json(text: str, name: str, notes: tuple[str, ...]) -> Table:
    """Read the text of a file of JSON objects; a key that an object lacks is an empty cell.

    Raises:
        UnreadableTable: it is empty, a line is no JSON object, or the file is something else.
    """
    records = list(_of_array(text, name) if text.lstrip().startswith("[") else _of_lines(text, name))
    if not records:
        raise UnreadableTable(f"{name} is empty")
    if len(records) == 1 and isinstance(records[0][1].get("items"), list):
        raise UnreadableTable(
            f"{name} is a batch envelope, no table: give it a name that ends in .json, and run it by --once"
        )
    columns: dict[str, list[object]] = {key: [] for _, record in records for key in record}
    for _, record in records:
        for key, cells in columns.items():
            value = record.get(key)
            cells.append((value.strip() or None) if isinstance(value, str) else value)
    return Table(name, columns, [place for place, _ in records], notes)


def _of_lines(text: str, name: str) -> Iterator[tuple[str, dict[str, object]]]:
    # Not splitlines(): a text may hold U+2028.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            place = f"line {number}"
            yield place, _record(_parsed(line, f"{name}, {place}"), f"{name}, {place}")


def _of_array(text: str, name: str) -> Iterator[tuple[str, dict[str, object]]]:
    entries = _parsed(text, name)
    for number, entry in enumerate(entries if isinstance(entries, list) else [entries], start=1):
        place = f"entry {number}"
        yield place, _record(entry, f"{name}, {place}")


def _parsed(text: str, where: str) -> object:
    try:
        parsed: object = json.loads(text)
    except json.JSONDecodeError as error:
        raise UnreadableTable(f"{where}: not JSON: {error.msg} at column {error.colno}") from None
    except (ValueError, RecursionError):
        raise UnreadableTable(f"{where}: not JSON that can be read") from None
    return parsed


def _record(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise UnreadableTable(f'{where}: not a JSON object, as {{"id": "1", "text": "…"}}')
    return value

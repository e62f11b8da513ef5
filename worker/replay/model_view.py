"""What a job did with a kept model, on the terminal."""

from collections.abc import Mapping
from typing import Any, Final

from rich.text import Text

from worker.replay.terminal import Terminal, labels_of, new_table

_N_KEYWORDS_SHOWN: Final = 6


def show_model_result(terminal: Terminal, document: Mapping[str, Any]) -> None:
    """Print topics, drift and version of a result; nothing of a document that has no model."""
    model = document.get("model")
    if not isinstance(model, dict) or document.get("status") != "completed":
        return
    has_totals = any("totalCount" in topic for topic in document["topics"])
    labels = labels_of(document)
    numbered = ["topic", "documents", *(["in all"] if has_totals else [])]
    table = new_table(*numbered, *(["label"] if labels else []), "keywords", numbers=len(numbered))
    for place, topic in enumerate(document["topics"]):
        label = [Text(labels[place])] if labels else []
        numbers = [topic["topicIndex"], topic["docCount"], *([topic["totalCount"]] if has_totals else [])]
        table.add_row(*map(str, numbers), *label, Text(", ".join(topic["keywords"][:_N_KEYWORDS_SHOWN])))
    terminal.show(table)
    terminal.say(f"outliers: {document['outlierCount']}")
    if document.get("born") and "drift" in document:
        terminal.say(f"new topics: {', '.join(map(str, document['born']))}")
    for old, into in document.get("redirects", {}).items():
        terminal.say(f"topic {old} is now part of topic {into}")
    if "drift" in document:
        terminal.say(_drift_line(document["drift"]))
    before = f", made from {model['previousVersion']}" if "previousVersion" in model else ""
    terminal.say(f"model of {model['tenant']}: version {model['version']}{before}")


def _drift_line(drift: Mapping[str, Any]) -> str:
    if not drift["enough"]:
        return "drift: too few comments to tell"
    moved = f"; topics that moved most: {', '.join(map(str, drift['moved']))}" if drift["moved"] else ""
    return f"drift: {drift['level']} (p = {drift['pValue']}){moved}"

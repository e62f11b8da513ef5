"""The trials of a search for settings, in words and in a table for people."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from worker.replay.terminal import new_table

_METRICS: Final = {
    "npmi_coherence": "NPMI",
    "topic_diversity": "divers.",
    "outlier_ratio": "outliers",
    "silhouette_score": "silh.",
    "embedding_coherence": "coher.",
}
_JUDGED: Final = {"modularity": "modul.", "stability": "stab.", "objective": "objective"}
_HEADERS: Final = ("topics", "largest", *_METRICS.values(), *_JUDGED.values())


def trials_table(trials: Sequence[Mapping[str, Any]]) -> Table:
    """Make a table with a row for each trial of a result."""
    table = new_table(*_HEADERS, "setting", numbers=len(_HEADERS))
    for trial in trials:
        setting = _text(trial["params"])
        if "error" in trial:
            table.add_row("none", *[""] * (len(_HEADERS) - 1), Text(f"{setting}: {trial['error']}"))
            continue
        numbers = [trial["metrics"][name] for name in _METRICS] + [trial[name] for name in _JUDGED]
        excluded = f" (not chosen: {trial['excluded']})" if "excluded" in trial else ""
        shown = (str(trial["topicCount"]), f"{trial['largestShare']:.0%}", *(f"{number:.3f}" for number in numbers))
        table.add_row(*shown, Text(setting + excluded))
    return table


def advice(result: Mapping[str, Any], path: str) -> list[str]:
    """Say which settings to take for a table, in one line or two.

    Args:
        result: of a search.
        path: of the table.
    """
    best, by_default = result["best"], result["trials"][0]
    setting, gain, noise = _text(best["params"]), f"{best['gain']:.3f}", f"{best['noise']:.3f}"
    unfit = by_default.get("error") or by_default.get("excluded")
    if best["beatsDefault"]:
        flags = " ".join(f"--set {name}={value}" for name, value in result["advised"].items())
        larger = f"its objective is larger than the default's by {gain}, and up to {noise} may be chance"
        return [
            f"best: {setting}; {f'the default cannot be taken: {unfit}' if unfit else larger}",
            f"take it by: python -m worker train {path} {flags}",
        ]
    if unfit:
        return [f"no setting can be taken, the default neither: {unfit}; try others by --grid"]
    if not best["params"]:
        return ["no setting is better than the default: leave it"]
    return [f"leave the default: {setting} is better by {gain} only, and up to {noise} may be chance"]


def _text(params: Mapping[str, int]) -> str:
    return ", ".join(f"{name}={value}" for name, value in params.items()) or "default"

"""The map of a kept model's topics: topics of like meaning are near one another, and no label hides another."""

from collections.abc import Sequence
from typing import Any, Final

import altair as alt
import numpy as np

from worker.dashboard.kept_models import topic_name
from worker.models.assignment import assignable
from worker.models.model import KeptModel, KeptTopic
from worker.topics.arrays import BoolArray, DoubleArray

# Of the map: what a label takes of its width and height, and how often labels are moved apart.
_LABEL: Final = np.array([0.27, 0.14])
_N_MOVES: Final = 300
_MOST_LABEL_CHARS: Final = 18
_HEIGHT_PX: Final = 460
# Of the map's width and height, for labels at its edges.
_MARGIN: Final = (0.2, 0.12)
# The area of a bubble, in square pixels.
_LEAST_PX2, _MOST_PX2 = 100, 1400
_COLOR, _CHOSEN_COLOR = "#4c8dd6", "#e8590c"
SELECTED: Final = "chosen"


def positions(model: KeptModel, topics: Sequence[KeptTopic]) -> DoubleArray:
    """Place topics by the two principal axes of their means, then move apart those whose labels would touch.

    Args:
        model: whose center is taken off.
        topics: that have a vector.

    Returns:
        (t, 2) float64 in [0, 1].
    """
    if not topics:
        return np.empty((0, 2))
    directions = np.stack([topic.mean - model.center for topic in topics])
    directions /= np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)
    left, sizes, _ = np.linalg.svd(directions - directions.mean(axis=0), full_matrices=False)
    axes = np.zeros((len(topics), 2))
    axes[:, : min(2, len(sizes))] = (left * sizes)[:, :2]
    # The sign of an axis is arbitrary: its longest arm points up or right.
    axes *= np.where(axes[np.abs(axes).argmax(axis=0), [0, 1]] < 0, -1.0, 1.0)
    # Half by rank: a topic unlike all others would else press these together.
    ranks = axes.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable") / max(1, len(topics) - 1)
    return _moved_apart((_scaled(axes) + ranks) / 2)


def _scaled(places: DoubleArray) -> DoubleArray:
    low, wide = places.min(axis=0), np.ptp(places, axis=0)
    scaled: DoubleArray = np.where(wide > 0, (places - low) / np.where(wide > 0, wide, 1.0), 0.5)
    return scaled


def _moved_apart(places: DoubleArray) -> DoubleArray:
    """Push labels that overlap apart, along the axis on which that takes less; a little each time."""
    for _ in range(_N_MOVES):
        apart = places[:, None] - places[None, :]
        overlap = _LABEL - np.abs(apart)
        touches: BoolArray = np.asarray((overlap > 0).all(axis=2))
        np.fill_diagonal(touches, val=False)
        if not touches.any():
            break
        along = (overlap / _LABEL).argmin(axis=2)[:, :, None] == np.arange(2)
        # Of two at the same place, the first goes down or left.
        order = np.sign(np.arange(len(places))[:, None] - np.arange(len(places)))[:, :, None]
        way = np.where(apart != 0, np.sign(apart), order)
        places = places + 0.25 * (way * np.maximum(overlap, 0.0) * along * touches[:, :, None]).sum(axis=1)
    return _scaled(places)


def chart(model: KeptModel, shown: Sequence[int], chosen: int | None, *, is_dark: bool) -> alt.LayerChart | None:
    """Draw the map; None if no topic has a place.

    Args:
        model: whose topics it shows.
        shown: numbers of the topics that pass search and filter; the others are faint.
        chosen: the number of the topic that is marked; None for none.
        is_dark: whether the page is dark.
    """
    topics = assignable(model.in_reports)
    if not topics:
        return None
    places = positions(model, topics)
    most = max(topic.n for topic in topics)
    rows = [
        _row(topic, place, most, _look(topic.number, shown, chosen))
        for topic, place in zip(topics, places, strict=True)
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("x:Q", axis=None, scale=alt.Scale(domain=[-_MARGIN[0], 1 + _MARGIN[0]])),
        tooltip=["topic:Q", "keywords:N", "comments:Q"],
        opacity=alt.Opacity("opacity:Q", scale=None),
    )
    height = alt.Scale(domain=[-_MARGIN[1], 1 + _MARGIN[1]])
    bubbles = base.mark_circle(cursor="pointer").encode(
        y=alt.Y("y:Q", axis=None, scale=height),
        size=alt.Size("size:Q", scale=None),
        color=alt.Color("color:N", scale=None),
    )
    ink = "#f2f2f2" if is_dark else "#1c1c1c"
    labels = base.mark_text(baseline="top", fontSize=12, cursor="pointer", color=ink).encode(
        y=alt.Y("label_y:Q", axis=None, scale=height), text="label:N"
    )
    pick = alt.selection_point(name=SELECTED, fields=["topic"], on="click", empty=False)
    return alt.layer(bubbles.add_params(pick), labels).properties(height=_HEIGHT_PX)


def _look(number: int, shown: Sequence[int], chosen: int | None) -> dict[str, Any]:
    if number == chosen:
        return {"color": _CHOSEN_COLOR, "opacity": 1.0}
    return {"color": _COLOR, "opacity": 0.9 if number in shown else 0.15}


def _row(topic: KeptTopic, place: DoubleArray, most: int, look: dict[str, Any]) -> dict[str, Any]:
    """Give what the chart knows of a topic; the label stands below its bubble."""
    size = _LEAST_PX2 + (_MOST_PX2 - _LEAST_PX2) * topic.n / max(1, most)
    radius_px = np.sqrt(size / np.pi)
    name = topic_name(topic, 2)
    return {
        "x": float(place[0]),
        "y": float(place[1]),
        "label_y": float(place[1] - (radius_px + 2) * (1 + 2 * _MARGIN[1]) / _HEIGHT_PX),
        "size": float(size),
        "topic": topic.number,
        "label": name if len(name) <= _MOST_LABEL_CHARS else f"{name[: _MOST_LABEL_CHARS - 1]}…",
        "keywords": ", ".join(topic.keywords),
        "comments": topic.n,
        **look,
    }

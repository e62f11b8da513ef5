"""What the page's script works on: every comment with its place and topic, the topics, and their parts."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from worker.replay.report.ordering import typical_first
from worker.replay.report.overview import name_of
from worker.replay.report.view import ReportView
from worker.topics.diagnostics import Diagnostics, Part
from worker.topics.fit import FloatArray, IntArray

# Places on the map are whole numbers up to this one on the longer side.
_LONGER_SIDE: Final = 10_000
_DENSITY_CELLS: Final = 24


def payload_of(view: ReportView) -> Mapping[str, Any]:
    """Give the data of the page's script, as JSON values; it holds all comments and their ids."""
    session = view.session
    fit, diagnostics, batch = session.fit, session.fit.diagnostics, session.batch
    assert isinstance(diagnostics, Diagnostics)  # noqa: S101 - a view is only made of a session that has them
    places = _places(diagnostics.coordinates)
    return {
        "x": places[:, 0].tolist(),
        "y": places[:, 1].tolist(),
        "topic": fit.labels.tolist(),
        "placed": [int(core < 0 <= label) for core, label in zip(diagnostics.core, fit.labels, strict=True)],
        "order": typical_first(diagnostics).tolist(),
        "text": list(batch.texts),
        "id": [batch.submission_ids[position] for position in batch.kept.tolist()],
        "source": session.source,
        "settings": [f"{name}={json.dumps(value)}" for name, value in session.overrides.items()],
        "topics": [
            {
                "label": topic.label,
                "name": name_of(fit, topic.assessment.index),
                "keywords": list(topic.assessment.measures.keywords),
                "size": topic.assessment.size,
                "good": topic.assessment.is_good,
                "color": view.colors[topic.assessment.index],
                "at": _densest(places[fit.labels == topic.assessment.index]),
            }
            for topic in view.topics
        ],
        "facets": [
            {
                "key": facet.key,
                "values": list(facet.values),
                "totals": list(facet.counts),
                "counts": [[cell.count for cell in row.cells] for row in facet.rows],
            }
            for facet in view.facets
        ],
        "parts": _parts(diagnostics.parts, places),
    }


def _places(coordinates: FloatArray) -> IntArray:
    low = coordinates.min(axis=0)
    extent = max(float(np.ptp(coordinates, axis=0).max()), 1e-9)
    places: IntArray = np.rint((coordinates - low) / extent * _LONGER_SIDE).astype(np.int64)
    # On a screen, y grows downward.
    places[:, 1] = places[:, 1].max() - places[:, 1]
    return places


def _densest(places: IntArray) -> list[int]:
    """Give the middle of the densest place of a topic, for its label."""
    low, span = places.min(axis=0), np.maximum(np.ptp(places, axis=0), 1)
    cells = np.minimum((places - low) * _DENSITY_CELLS // span, _DENSITY_CELLS - 1)
    counts = np.zeros((_DENSITY_CELLS + 4, _DENSITY_CELLS + 4))
    np.add.at(counts, (cells[:, 0] + 2, cells[:, 1] + 2), 1.0)
    smooth = sum(np.roll(counts, (i, j), axis=(0, 1)) for i in range(-2, 3) for j in range(-2, 3))
    peak = np.unravel_index(int(np.argmax(smooth)), counts.shape)
    near = places[(np.abs(cells + 2 - np.array(peak)) <= 2).all(axis=1)]
    return [int(value) for value in np.rint(near.mean(axis=0))] if len(near) else [int(v) for v in places[0]]


def _parts(parts: Sequence[Part], places: IntArray) -> list[dict[str, Any]]:
    return [
        {
            "topic": part.topic,
            "parent": part.parent,
            "size": len(part.rows),
            "keywords": list(part.keywords),
            "typical": part.typical,
            "similarity": part.similarity,
            "at": _densest(places[part.rows]),
            "rows": part.rows.tolist(),
        }
        for part in parts
    ]

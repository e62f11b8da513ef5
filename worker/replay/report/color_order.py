"""Which color each topic has: topics that lie side by side on the map get colors that are easy to tell apart."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np

from worker.replay.report.environment import resource
from worker.topics.arrays import BoolArray, DoubleArray, FloatArray, IntArray

# Cells of the grid on which two topics are neighbors, on each side of the map.
_CELLS: Final = 40
# Topics whose middles are this share of the map apart count half of what they would count at one place, in cells.
_NEAR: Final = 0.15
_NEAR_CELLS: Final = 30.0
# What another use of a color costs, in cells, so that all colors are used.
_REUSED: Final = 4.0
# Colors that differ by more than about this distance in Oklab are told apart at a glance.
_TOLD_APART: Final = 0.12
# The first topic color of each list of templates/colors.css, and the others after it.
_COLOR: Final = re.compile(r"--c(\d+): #([0-9a-f]{6});")
# From linear RGB to the cube roots of LMS, and from these to Oklab (Björn Ottosson, 2020).
_TO_LMS: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


@cache
def topic_palette() -> tuple[str, ...]:
    """Give the topic colors of the light page, as RRGGBB."""
    first = resource("colors.css").split("}", maxsplit=1)[0]
    found = sorted((int(number), color) for number, color in _COLOR.findall(first))
    return tuple(color for _, color in found)


def colors_of(palette: Sequence[str], coordinates: FloatArray, labels: IntArray, n_topics: int) -> list[int]:
    """Choose a color for each topic, the largest topic first, so that it differs most from those of its neighbors.

    Args:
        palette: colors as RRGGBB.
        coordinates: (n, 2) float32, the map.
        labels: (n,) int64, -1 for outliers.
        n_topics: how many topics there are.

    Returns:
        For each topic the place of its color in the palette.
    """
    near, alike = _neighborhood(coordinates, labels, n_topics), _likeness(palette)
    chosen = np.full(n_topics, -1, dtype=np.int64)
    for topic in range(n_topics):
        before = np.flatnonzero(chosen >= 0)
        uses = np.bincount(chosen[before], minlength=len(palette))
        cost = alike[:, chosen[before]] @ near[topic, before] + _REUSED * uses
        chosen[topic] = int(np.argmin(np.round(cost, 9)))
    return [int(color) for color in chosen]


def _neighborhood(coordinates: FloatArray, labels: IntArray, n_topics: int) -> DoubleArray:
    """Say how near topics are: the cells that two share or that touch, and more the nearer their middles: (t, t)."""
    span = np.maximum(np.ptp(coordinates, axis=0), 1e-9)
    cells = np.minimum((coordinates - coordinates.min(axis=0)) / span * _CELLS, _CELLS - 1).astype(np.int64)
    on_map: BoolArray = np.zeros((n_topics, _CELLS + 2, _CELLS + 2), dtype=bool)
    inside = labels >= 0
    on_map[labels[inside], cells[inside, 0] + 1, cells[inside, 1] + 1] = True
    wide = np.zeros_like(on_map)
    for across in (-1, 0, 1):
        for up in (-1, 0, 1):
            wide |= np.roll(on_map, (across, up), axis=(1, 2))
    flat = wide.reshape(n_topics, -1).astype(np.float64)
    shared: DoubleArray = flat @ flat.T
    middles = np.array([np.median(coordinates[labels == topic], axis=0) for topic in range(n_topics)])
    apart = np.linalg.norm(middles[:, None] - middles[None], axis=2) / float(span.max())
    # Even topics that do not touch should not look alike, the less the nearer they are.
    near: DoubleArray = shared + _NEAR_CELLS / (1.0 + (apart / _NEAR) ** 2)
    return near


def _likeness(palette: Sequence[str]) -> DoubleArray:
    """Say how alike colors look, from 0 to 1: (c, c)."""
    encoded = np.array([[int(color[at : at + 2], 16) for at in (0, 2, 4)] for color in palette]) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    lab = np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T
    distance = np.linalg.norm(lab[:, None] - lab[None], axis=2)
    return np.asarray(np.exp(-((distance / _TOLD_APART) ** 2)), dtype=np.float64)

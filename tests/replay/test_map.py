"""The map of the report: its colors and its islands."""

import re
from importlib import resources

import numpy as np

from worker.replay.report.color_order import colors_of, topic_palette
from worker.replay.session import Session
from worker.topics.evaluation.islands import pack_islands


def test_each_screen_has_every_topic_color(session: Session) -> None:
    """A light screen, a dark one and paper have the same colors, numbered without a gap; the page counts them."""
    style = (resources.files("worker.replay.report") / "templates" / "colors.css").read_text(encoding="utf-8")
    lists = [re.findall(r"--c(\d+):", block) for block in re.findall(r"\{([^{}]*--c0:[^{}]*)\}", style)]
    assert len(lists) == 4
    (numbers,) = set(map(tuple, lists))
    assert list(map(int, numbers)) == list(range(len(numbers)))
    assert len(topic_palette()) == len(numbers)


def test_topics_that_touch_have_colors_that_differ() -> None:
    """Of more topics than colors, none looks like one beside it: sixteen squares of a board, ten colors."""
    grid = np.array([(x, y) for x in range(40) for y in range(40)], dtype=np.float32)
    labels = (grid[:, 0] // 10 * 4 + grid[:, 1] // 10).astype(np.int64)
    colors = colors_of(topic_palette(), grid, labels, 16)
    for topic in range(16):
        beside = [topic + 4] * (topic < 12) + [topic + 1] * (topic % 4 < 3)
        assert colors[topic] not in [colors[other] for other in beside]


def test_islands_are_moved_together_and_stay_as_they_are() -> None:
    """Three groups far apart come near each other, none over another; within a group nothing changes but the turn."""
    draws = np.random.default_rng(0)
    groups = [draws.normal(size=(60, 2)) + place for place in ((0, 0), (90, 10), (-40, 70))]
    places = np.concatenate(groups).astype(np.float32)
    packed = pack_islands(places)
    assert np.ptp(packed, axis=0).max() < 0.4 * np.ptp(places, axis=0).max()
    own = np.repeat(np.arange(3), 60)
    before, after = (np.linalg.norm(of[:, None] - of[None], axis=2) for of in (places, packed))
    within = own[:, None] == own[None]
    np.testing.assert_allclose(after[within], before[within], atol=1e-3)
    assert after[~within].min() > 0.5

"""The map of the report in a real browser: names, shades, zoom, search, mouse and keyboard."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.browser import Browser
from tests.replay.report_pages import DATA, HOSTILE, cleared, saved, typed

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def clicked(browser: Browser, x: float, y: float) -> None:
    """Click the window with a real mouse."""
    for kind in ("mousePressed", "mouseReleased"):
        browser.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)


def points_in(picture: str) -> int:
    """Count the points of an SVG: a path without straight lines has one at each start."""
    return sum(path.count("M") for path in re.findall(r'<path d="([^"L]*)"', picture))


def test_areas_are_shaded_in_the_colors_of_the_topics_that_are_shown(opened: Browser) -> None:
    """A picture lies behind the points; with a topic hidden it is another one, and back it is the same."""
    areas = r'<image href="data:image/png;base64,([^"]+)"'
    (before,) = re.findall(areas, saved(opened, "save-svg"))
    hide = "document.querySelector('#legend li[data-topic=\"0\"] input').click()"
    opened.evaluate(hide)
    (without,) = re.findall(areas, saved(opened, "save-svg"))
    opened.evaluate(hide)
    (again,) = re.findall(areas, saved(opened, "save-svg"))
    assert without != before
    assert again == before


def test_every_topic_is_named_on_the_map_and_no_label_covers_another(opened: Browser) -> None:
    """The picture has a point for each comment and a label for each topic; larger topics have larger ones."""
    picture = saved(opened, "save-svg")
    data: dict[str, Any] = opened.evaluate(DATA)
    assert points_in(picture) == len(data["x"])
    lines = re.findall(
        r'<text x="([\d.]+)" y="([\d.]+)"[^>]*font-size="(\d+)"[^>]*>([^<]*)</text>',
        picture,
    )
    shown = " ".join(text for *_, text in lines)
    assert all(topic["keywords"][0] in shown for topic in data["topics"])
    sizes = {text.split(",")[0]: int(size) for *_, size, text in lines}
    firsts = [sizes[topic["keywords"][0]] for topic in data["topics"] if topic["keywords"][0] in sizes]
    assert firsts == sorted(firsts, reverse=True)
    assert firsts[0] > firsts[-1]
    boxes = [
        (float(x) - 0.25 * int(size) * len(text), float(y) - 0.8 * int(size), float(x) + 0.25 * int(size) * len(text))
        for x, y, size, text in lines
    ]
    for at, (left, top, right) in enumerate(boxes):
        for other_left, other_top, other_right in boxes[:at]:
            assert right <= other_left or other_right <= left or abs(top - other_top) > 8


def test_zooming_in_shows_parts_and_a_link_shows_the_same(opened: Browser, page: Path) -> None:
    """A chosen topic fills the map and its parts have names; the address brings all of it back."""
    with_parts = opened.evaluate(f"{DATA}.parts.find(part => part.keywords.length)?.topic")
    assert with_parts is not None
    before = saved(opened, "save-svg").count("<text")
    opened.evaluate(f"document.querySelector('#legend li[data-topic=\"{with_parts}\"] button').click()")
    assert opened.evaluate("document.activeElement.closest('#panel') !== null")
    zoomed = saved(opened, "save-svg")
    assert 'font-weight="500"' in zoomed
    assert zoomed.count("<text") != before
    assert opened.evaluate("document.querySelectorAll('#panel .parts button').length") > 0
    opened.evaluate("document.querySelector('#panel .parts button').click()")
    shown = opened.evaluate("document.querySelector('#panel').innerText")
    opened.wait_until("location.hash.includes('part=')")
    address = opened.evaluate("location.hash")
    cleared(opened)
    opened.wait_until("!location.hash")
    opened.evaluate(f"location.hash = {json.dumps(address)}")
    opened.wait_until("document.querySelectorAll('#panel .parts button').length")
    assert opened.evaluate("document.querySelector('#panel').innerText") == shown
    opened.evaluate("location.hash = '#topics'")
    assert opened.evaluate("document.querySelector('#panel').innerText") == shown
    opened.wait_until("document.getElementById('analysis').open")
    opened.evaluate("document.getElementById('analysis').open = false")
    cleared(opened)


def test_a_search_lights_up_counts_and_finds_hostile_text_as_text(opened: Browser) -> None:
    """Each topic says how many of its comments match; the comment is shown letter by letter, its id can be copied."""
    typed(opened, "ONERROR")
    assert opened.evaluate("document.getElementById('found').textContent") == "1 comment matches, in 1 topic"
    counts = opened.evaluate("[...document.querySelectorAll('#legend .count')].map(c => parseInt(c.textContent))")
    assert sum(counts) == 1
    quote = opened.evaluate("document.querySelector('#panel blockquote').textContent")
    assert quote.startswith(HOSTILE)
    assert opened.evaluate("document.querySelector('#panel mark').textContent") == "onerror"
    titles = opened.evaluate("[...document.querySelectorAll('#panel li button')].map(b => b.title)")
    assert titles[0] == "=nasty <b>"
    assert titles[1].startswith("python -m worker --once /")
    assert titles[1].endswith("job.json --set umap_n_neighbors=19 '--explain==nasty <b>'")
    assert "All topics: 1 comment listed" in opened.evaluate("document.querySelector('[role=status]').textContent")
    typed(opened, "no such words 123")
    assert opened.evaluate("document.querySelectorAll('#panel li').length") == 0
    cleared(opened)
    typed(opened, "")
    assert opened.console == []


def test_a_topic_shows_all_its_comments_typical_first(opened: Browser) -> None:
    """All of them can be reached, in the order of the page's data, keywords marked."""
    opened.evaluate("document.querySelector('#legend li[data-topic=\"0\"] button').click()")
    size = opened.evaluate(f"{DATA}.topics[0].size")
    while opened.evaluate("document.querySelector('#panel > button:last-child')?.textContent.startsWith('Show more')"):
        opened.evaluate("document.querySelector('#panel > button:last-child').click()")
    ids = opened.evaluate("[...document.querySelectorAll('#panel li code')].map(c => c.textContent)")
    assert len(ids) == len(set(ids)) == size
    order = opened.evaluate(f"(d => d.order.filter(row => d.topic[row] === 0).map(row => d.id[row]))({DATA})")
    assert ids == order
    assert opened.evaluate("document.querySelectorAll('#panel b').length") > 0
    cleared(opened)


def test_the_mouse_and_the_keyboard_reach_the_map(opened: Browser) -> None:
    """A click on a point shows its comment first; keys zoom and let go; a hidden topic is gone from the picture."""
    opened.evaluate("document.documentElement.style.scrollBehavior = 'auto'")
    opened.evaluate("document.getElementById('plot').scrollIntoView()")
    n_points = points_in(saved(opened, "save-svg"))
    opened.evaluate("document.querySelector('#legend li[data-topic=\"0\"] input').click()")
    assert points_in(saved(opened, "save-svg")) < n_points
    cleared(opened)
    picture = saved(opened, "save-svg")
    left, top = opened.evaluate("(box => [box.left, box.top])(document.getElementById('plot').getBoundingClientRect())")
    texts = [(float(x), float(y)) for x, y in re.findall(r'<text x="([\d.]+)" y="([\d.]+)"', picture)]
    places = [(float(x), float(y)) for x, y in re.findall(r"M([\d.]+) ([\d.]+)a", picture)]
    free = next((x, y) for x, y in places if all(abs(x - a) > 110 or abs(y - b) > 40 for a, b in texts))
    clicked(opened, left + free[0] + 2, top + free[1])
    opened.wait_until("document.querySelectorAll('#panel .chosen').length === 1")
    opened.evaluate("document.getElementById('plot').focus()")
    for key in ("+", "ArrowLeft"):
        opened.ask("Input.dispatchKeyEvent", type="keyDown", key=key)
    opened.wait_until("location.hash.includes('at=') && location.hash.includes('id=')")
    for key in ("Escape", "0"):
        opened.ask("Input.dispatchKeyEvent", type="keyDown", key=key)
    opened.wait_until("!location.hash && document.getElementById('panel').hidden")

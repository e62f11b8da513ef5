"""The report in a real browser: it draws, logs nothing, asks the network for nothing, fits the window, and explores."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import Browser
from tests.replay.commands import EXAMPLE, ask, told

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DRAWN = "document.querySelector('#plot')?.dataset.drawn"
DATA = "JSON.parse(document.getElementById('data').textContent)"
NASTY = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
LONG = "ha" * 60
SIZES = [(1280, 900), (390, 844)]
# What a click on a button would save: its name and its text.
SAVED = """
(async (id) => {
  const { createObjectURL } = URL;
  const { click } = HTMLAnchorElement.prototype;
  const saved = new Promise((give) => {
    URL.createObjectURL = (blob) => { blob.text().then(give); return "blob:null"; };
    HTMLAnchorElement.prototype.click = () => {};
  });
  document.getElementById(id).click();
  Object.assign(URL, { createObjectURL });
  Object.assign(HTMLAnchorElement.prototype, { click });
  return saved;
})
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the report of the example batch; one comment would like to be a script, one hardly ends."""
    import gzip

    folder = tmp_path_factory.mktemp("report")
    envelope = json.loads(gzip.decompress(EXAMPLE.read_bytes()))
    # So few that clusters are joined: their topics have parts.
    envelope["params"] = {**envelope.get("params", {}), "nr_topics": 6}
    envelope["items"][0]["text"] = f"{NASTY} {envelope['items'][0]['text']}"
    envelope["items"][0]["submissionId"] = "=nasty <b>"
    envelope["items"][1]["text"] += " " + LONG
    for position, item in enumerate(envelope["items"]):
        month = 1 + position % 4
        item |= {"stars": position % 5 + 1, "teacher": ("Cruz", "<i>Lim")[position % 2], "sent": f"2026-0{month}-11"}
    batch = folder / "job.json"
    batch.write_text(json.dumps(envelope))
    report = folder / "out.html"
    asked = ("--title", "Courses <spring>", "--sentiment", "stars", "--facet", "teacher", "--facet", "sent")
    asked = (*asked, "--set", "umap_n_neighbors=19")
    process = ask("--once", batch, "--report", report, *asked)
    assert process.returncode == 0, told(process)
    return report


@pytest.fixture(scope="module")
def opened(page: Path) -> Iterator[Browser]:
    """Open the page once, wide and light, for all who only look or put back what they changed."""
    with Browser() as browser:
        browser.open(page)
        browser.wait_until(DRAWN)
        yield browser


def typed(browser: Browser, query: str) -> None:
    """Type a search and press Enter."""
    browser.evaluate(
        f"(box => {{ box.value = {json.dumps(query)}; box.dispatchEvent(new Event('change')); }})"
        "(document.getElementById('query'))"
    )


def saved(browser: Browser, button: str) -> str:
    """Give the text that a button saves."""
    text = browser.evaluate(f"{SAVED}({json.dumps(button)})")
    assert isinstance(text, str)
    return text


def clicked(browser: Browser, x: float, y: float) -> None:
    """Click the window with a real mouse."""
    for kind in ("mousePressed", "mouseReleased"):
        browser.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)


def cleared(browser: Browser) -> None:
    """Put the map back as it was."""
    browser.evaluate("document.getElementById('clear').click()")


def test_the_page_draws_and_is_silent(page: Path, tmp_path: Path) -> None:
    """Light and dark, wide and narrow: drawn, no message, no request but itself, nothing cut off, no comment run."""
    with Browser() as browser:
        for width, height in SIZES:
            for dark in (False, True):
                browser.open(page, width=width, height=height, dark=dark)
                browser.wait_until(DRAWN)
                typed(browser, "onerror")
                assert browser.console == []
                assert browser.requests == [page.resolve().as_uri()]
                assert browser.evaluate("document.title") == "Courses <spring>"
                assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
                screenshot = tmp_path / "page.png"
                browser.screenshot(screenshot)
                assert screenshot.stat().st_size > 10_000
        browser.evaluate("document.getElementById('analysis').open = true")
        right = (
            "Math.max(...[...document.querySelectorAll('#metrics .badge')].map(b => b.getBoundingClientRect().right))"
        )
        assert 0 < browser.evaluate(right) <= 390
        assert browser.evaluate("document.querySelector('#metrics td:last-child').getBoundingClientRect().width") > 200
        assert browser.evaluate("document.querySelectorAll('img').length") == 0
        browser.evaluate("document.getElementById('analysis').open = false")
        n_pages = len(re.findall(rb"/Type\s*/Page\b", browser.pdf()))
        # The map and the facets have a page each.
        assert n_pages <= 2 + browser.evaluate(f"{DATA}.topics.length") / 3


def test_every_topic_has_its_verdict_and_its_comments(opened: Browser) -> None:
    """Verdict, table, article and comments of each topic are in the page."""
    n_topics = opened.evaluate("document.querySelectorAll('.topics tbody tr').length")
    assert n_topics == opened.evaluate(f"{DATA}.topics.length")
    assert n_topics > 5
    assert opened.evaluate("document.querySelectorAll('#verdict .columns .plain > li').length") == n_topics
    assert opened.evaluate("document.querySelectorAll('#topics article').length") == n_topics
    per_topic = (
        "[...document.querySelectorAll('#topics article')].map(a => a.querySelectorAll('.comments blockquote').length)"
    )
    assert opened.evaluate(per_topic) == [6] * n_topics
    assert opened.evaluate("[...document.querySelectorAll('h1,h2,h3')].every(h => h.textContent.trim())")
    targets = "[...document.querySelectorAll('#verdict a')].every(a => document.querySelector(a.hash))"
    assert opened.evaluate(targets)


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
    assert quote.startswith(NASTY)
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


def test_the_first_page_is_plain_and_has_praise_beside_complaint(opened: Browser) -> None:
    """A card for each topic, without the words of statistics; quotes of both kinds; the analysis is folded."""
    assert opened.evaluate("document.querySelector('h1').textContent") == "Courses <spring>"
    assert not opened.evaluate("document.getElementById('analysis').open")
    text = opened.evaluate("document.getElementById('overview').innerText")
    assert not re.search("hdbscan|cosine|silhouette|outlier|cluster", text, re.IGNORECASE)
    cards = opened.evaluate("document.querySelectorAll('#overview .card').length")
    assert cards == opened.evaluate(f"{DATA}.topics.length")
    heads = opened.evaluate("[...document.querySelectorAll('.card:first-child h4')].map(h => h.textContent)")
    assert all(re.fullmatch(r"\d+ (praise|complaint)", head) for head in heads)
    assert opened.evaluate("[...document.querySelectorAll('.card')].every(card => card.querySelector('blockquote'))")
    opened.evaluate("document.querySelector('.card h3 a').click()")
    opened.wait_until("!document.getElementById('panel').hidden")
    cleared(opened)


def test_the_first_screen_holds_three_answers_and_whether_the_change_was_better(page: Path, opened: Browser) -> None:
    """Within 1280 x 800 pixels; the numbers of topics have one color there; the whole run of the change is told."""
    with Browser() as browser:
        browser.open(page, width=1280, height=800)
        browser.wait_until(DRAWN)
        assert browser.evaluate("document.querySelector('.short').getBoundingClientRect().bottom <= 800")
    marks = "[...document.querySelectorAll('.short .mark')].map(mark => getComputedStyle(mark).backgroundColor)"
    assert len(set(opened.evaluate(marks))) == 1
    assert len(set(opened.evaluate(marks.replace(".short", ".card")))) > 1
    said = opened.evaluate("document.querySelector('.short').innerText")
    assert re.search("comments in clear topics: [0-9]+(,| instead of)", said)
    assert re.search("More comments would be in clear topics:|It would not be clearly better:", said)


def test_the_topics_that_the_change_would_give_are_there_to_open(page: Path, opened: Browser) -> None:
    """Closed at first, opened by a key; each with its size; on a phone and in the dark too nothing is cut off."""
    said = opened.evaluate("document.querySelector('.short').innerText")
    found = re.search("topics: ([0-9]+)", said)
    assert found is not None
    with Browser() as browser:
        for width, height in SIZES:
            for dark in (False, True):
                browser.open(page, width=width, height=height, dark=dark)
                browser.wait_until(DRAWN)
                hidden = "document.querySelector('#new-topics ul').checkVisibility()"
                assert not browser.evaluate(hidden)
                browser.evaluate("document.querySelector('#new-topics summary').focus()")
                for kind in ("keyDown", "keyUp"):
                    browser.ask("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r")
                browser.wait_until(hidden)
                lines = browser.evaluate("[...document.querySelectorAll('#new-topics li')].map(line => line.innerText)")
                assert len(lines) == int(found[1])
                sizes = [re.fullmatch(r".+ ([0-9]+)\s+comments( \(doubtful\))?", line) for line in lines]
                counts = [int(size[1]) for size in sizes if size is not None]
                assert counts == sorted(counts, reverse=True)
                assert len(counts) == len(lines)
                assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_facets_are_shown_and_saved(opened: Browser) -> None:
    """Shares by teacher and by month; the counts of the table add up; what looks like a tag is text."""
    heads = opened.evaluate("[...document.querySelectorAll('.facet')].map(t => t.tHead.innerText)")
    assert "<i>Lim" in heads[0]
    assert all(month in heads[1] for month in ("2026-01", "2026-02", "2026-03", "2026-04"))
    lines = opened.evaluate("[...document.querySelectorAll('.spark polyline')].map(l => l.points.numberOfItems)")
    assert lines == [4] * opened.evaluate(f"{DATA}.topics.length")
    rows = list(csv.DictReader(saved(opened, "save-facets").removeprefix("\ufeff").splitlines()))
    n_inside = sum(topic["size"] for topic in opened.evaluate(f"{DATA}.topics"))
    for facet in ("teacher", "sent"):
        assert sum(int(row["comments"]) for row in rows if row["facet"] == facet) == n_inside


def test_tables_hold_every_topic_and_comment_and_no_formula(opened: Browser) -> None:
    """Saved tables can be read as CSV; what begins like a formula does not stay one."""
    topics = list(csv.DictReader(saved(opened, "save-topics").removeprefix("\ufeff").splitlines()))
    assert [topic["comments"] for topic in topics] == [str(t["size"]) for t in opened.evaluate(f"{DATA}.topics")]
    text = saved(opened, "save-comments").removeprefix("\ufeff")
    comments = list(csv.DictReader(text.splitlines(keepends=True)))
    assert len(comments) == opened.evaluate(f"{DATA}.x.length")
    assert any(comment["submissionId"] == "'=nasty <b>" and NASTY in comment["text"] for comment in comments)

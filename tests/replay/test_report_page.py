"""The report in a real browser: it draws, logs nothing, asks the network for nothing, fits the window."""

import json
from pathlib import Path

import pytest

from tests.browser import Browser
from tests.replay.commands import EXAMPLE, ask, told

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DRAWN = "document.querySelector('#plot')?.dataset.drawn"
NASTY = "</script><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
LONG = "ha" * 60
SIZES = [(1280, 900), (390, 844)]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the report of the example batch; one comment would like to be a script, one hardly ends."""
    import gzip

    folder = tmp_path_factory.mktemp("report")
    envelope = json.loads(gzip.decompress(EXAMPLE.read_bytes()))
    envelope["items"][0]["text"] += NASTY
    envelope["items"][1]["text"] += " " + LONG
    batch = folder / "job.json"
    batch.write_text(json.dumps(envelope))
    report = folder / "out.html"
    process = ask("--once", batch, "--report", report)
    assert process.returncode == 0, told(process)
    return report


def test_the_page_draws_and_is_silent(page: Path, tmp_path: Path) -> None:
    """Light and dark, wide and narrow: drawn, no message, no request but itself, nothing cut off, no comment run."""
    with Browser() as browser:
        for width, height in SIZES:
            for dark in (False, True):
                browser.open(page, width=width, height=height, dark=dark)
                browser.wait_until(DRAWN)
                assert browser.console == []
                assert browser.requests == [page.resolve().as_uri()]
                assert browser.evaluate("document.title").startswith("Topics of ")
                assert browser.evaluate("document.documentElement.scrollWidth <= innerWidth")
                screenshot = tmp_path / "page.png"
                browser.screenshot(screenshot)
                assert screenshot.stat().st_size > 10_000
        n_points = browser.evaluate("document.querySelectorAll('#plot .scatterlayer path.point').length")
        assert n_points == browser.evaluate("JSON.parse(document.getElementById('points').textContent).x.length")
        assert browser.evaluate("document.querySelectorAll('img').length") == 0
        assert len(browser.pdf()) > 50_000


def test_every_topic_has_its_verdict_and_its_comments(page: Path) -> None:
    """Verdict, table, article and comments of each topic are in the page."""
    with Browser() as browser:
        browser.open(page)
        browser.wait_until(DRAWN)
        n_topics = browser.evaluate("document.querySelectorAll('.topics tbody tr').length")
        assert n_topics == browser.evaluate("JSON.parse(document.getElementById('points').textContent).labels.length")
        assert n_topics > 5
        assert browser.evaluate("document.querySelectorAll('#verdict .plain > li').length") == n_topics
        assert browser.evaluate("document.querySelectorAll('#topics article').length") == n_topics
        per_topic = (
            "[...document.querySelectorAll('#topics article')].map(a => a.querySelectorAll('blockquote').length)"
        )
        assert browser.evaluate(per_topic) == [6] * n_topics
        assert browser.evaluate("[...document.querySelectorAll('h1,h2,h3')].every(h => h.textContent.trim())")
        targets = "[...document.querySelectorAll('#verdict a')].every(a => document.querySelector(a.hash))"
        assert browser.evaluate(targets)


def test_a_hover_shows_the_comment_as_text(page: Path) -> None:
    """What is hovered is shown word by word; its tags are no tags."""
    with Browser() as browser:
        browser.open(page)
        browser.wait_until(DRAWN)
        found = browser.evaluate(
            "(() => { const plot = document.getElementById('plot');"
            " for (const trace of plot.data) { const i = trace.text.findIndex(t => t.includes('onerror'));"
            " if (i >= 0) return trace.text[i]; } })()"
        )
        assert "&lt;img" in found
        assert "<img" not in found
        hover = "Plotly.Fx.hover('plot', [{curveNumber: 1, pointNumber: 0}]), 1"
        browser.evaluate(hover)
        browser.wait_until("document.querySelectorAll('#plot .hoverlayer .hovertext').length > 0")
        assert browser.console == []


def test_on_a_phone_metrics_and_hovers_are_whole(page: Path) -> None:
    """Whether a target is met needs no scrolling, what it says is a readable column, and no hover leaves the window."""
    with Browser() as browser:
        browser.open(page, width=390, height=844)
        browser.wait_until(DRAWN)
        right = (
            "Math.max(...[...document.querySelectorAll('#metrics .badge')].map(b => b.getBoundingClientRect().right))"
        )
        assert 0 < browser.evaluate(right) <= 390
        assert browser.evaluate("document.querySelector('#metrics td:last-child').getBoundingClientRect().width") > 200
        hovers = (
            "(() => { const plot = document.getElementById('plot'); const found = [];"
            " plot.data.forEach((trace, curveNumber) => trace.text.forEach((text, pointNumber) => {"
            "  Plotly.Fx.hover(plot, [{curveNumber, pointNumber}]);"
            "  const { left, right } = plot.querySelector('.hoverlayer .hovertext').getBoundingClientRect();"
            "  found.push([text.includes('hahaha'), left >= 0 && right <= innerWidth]); }));"
            " return found; })()"
        )
        found = browser.evaluate(hovers)
        assert [True, True] in found
        assert all(fits for _, fits in found)

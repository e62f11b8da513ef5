"""The report in a real browser: it draws, logs nothing, asks the network for nothing, fits the window, and explores."""

import csv
import re
from pathlib import Path

import pytest

from tests.browser import Browser
from tests.replay.report_pages import DATA, DRAWN, HOSTILE, cleared, saved, typed

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = [(1280, 900), (390, 844)]


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
    assert any(comment["submissionId"] == "'=nasty <b>" and HOSTILE in comment["text"] for comment in comments)

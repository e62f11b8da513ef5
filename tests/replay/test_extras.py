"""What the report reads from the items beside the contract: moods and facets."""

from typing import Any

import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.replay.sessions import session_of
from worker.replay.extras import Extras, read_extras
from worker.replay.report.facets import MOST_VALUES, facets_of
from worker.replay.report.overview import in_words
from worker.replay.request import BadUsage, Request


def read(items: list[dict[str, Any]], **asked: Any) -> Extras:
    """Read what a request asks for from items."""
    return read_extras(Request(report="x.html", **asked), {"items": items})


@pytest.mark.parametrize(
    ("values", "moods"),
    [
        (["positive", "Negative", "neutral", None], ["praise", "complaint", "", ""]),
        ([0.8, -0.3, 0.05, None], ["praise", "complaint", "", ""]),
        ([5, 1, 3, 4], ["praise", "complaint", "", "praise"]),
        ([0, 4, 2, True], ["complaint", "praise", "", ""]),
        (["5", "1.0", "3", ""], ["praise", "complaint", "", ""]),
    ],
)
def test_moods(values: list[Any], moods: list[str]) -> None:
    """Words, signed numbers, and stars, whose middle is neither; a table has numbers as text."""
    assert list(read([{"mood": value} for value in values], sentiment="mood").moods) == moods


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"facets": ("techer",)}, "--facet techer: no item has this key; there are mood, teacher"),
        ({"sentiment": "text"}, "--sentiment text: that is what the contract has; name a key of your own"),
        ({"sentiment": "teacher"}, "--sentiment teacher: write positive or negative, a number from -1 to 1, or stars"),
    ],
)
def test_what_cannot_be_read_is_said(asked: dict[str, Any], message: str) -> None:
    """Before anything is computed, with what there is; no value of an item is told."""
    with pytest.raises(BadUsage) as error:
        read([{"text": "a", "mood": 1, "teacher": "Cruz"}], **asked)
    assert str(error.value) == message


def test_they_need_a_report() -> None:
    """Without one, nothing would show them."""
    with pytest.raises(BadUsage, match="--facet is for the report"):
        Request(source="job.json", facets=("teacher",))


def test_facets_count_by_value_and_by_period() -> None:
    """Rare values share a column; dates are counted by month; what is clearly more is marked; a value may lack."""
    envelope = themed_envelope(30, 2)
    for position, item in enumerate(envelope["items"]):
        item["teacher"] = "Cruz" if position < 30 else f"T{position}"
        item["sent"] = None if position == 0 else f"2026-{1 + position // 30:02d}-20T10:00:00+08:00"
    session = session_of(envelope)
    asked = Request(report="x.html", facets=("teacher", "sent"))
    object.__setattr__(session, "extras", read_extras(asked, envelope))
    teacher, sent = facets_of(session, ["a", "b"])
    assert (teacher.values[0], teacher.values[-1], len(teacher.values)) == ("Cruz", "others", MOST_VALUES + 1)
    assert sum(teacher.counts) == 60
    first = next(row for row in teacher.rows if row.cells[0].count == 30)
    assert first.cells[0].is_more
    assert first.cells[0].share == 1.0
    assert (sent.values, sent.unit, sent.n_without) == (("2026-01", "2026-02"), "month", 1)
    assert [cell.count for cell in sent.rows[first.index].cells] == [29, 0]


def test_shares_in_words() -> None:
    """As a person says them."""
    assert [in_words(share) for share in (0.14, 0.5, 0.004)] == [
        "about one comment in 7",
        "50% of all comments",
        "about one comment in 250",
    ]

"""Which columns are taken, and what is said of them."""

import pytest

from worker.tables.comments import Comments, Wanted, comments_of
from worker.tables.table import Table, UnreadableTable


def take(columns: dict[str, list[object]], **wanted: str) -> Comments:
    """Take the comments of a table."""
    n_rows = len(next(iter(columns.values())))
    return comments_of(Table("a.csv", columns, [f"line {row + 2}" for row in range(n_rows)]), Wanted(**wanted))


@pytest.mark.parametrize("name", ["Comment", "text", "FEEDBACK", "review"])
def test_an_obvious_column_needs_no_flag(name: str) -> None:
    """In whatever case; rows without text are left out, which is told, and rows are numbered."""
    found = take({"date": ["x", "y", "z"], name: ["a", None, "c"]})
    assert found.texts == ("a", "c")
    assert found.ids == ("1", "3")
    assert found.notes == (f"a.csv: 2 comments, text: column {name}, ids: row numbers",)
    assert found.warnings == ("1 rows without text are left out",)
    assert found.labels is None


def test_title_and_abstract_need_no_flag() -> None:
    """The title stands before the abstract as a sentence of its own; a title beside comments is left alone."""
    found = take({"Title": ["On topics", "Why?", None], "Abstract": ["We find.", "So.", "Only this."]})
    assert found.texts == ("On topics. We find.", "Why? So.", "Only this.")
    assert found.notes == ("a.csv: 3 comments, text: columns Title and Abstract, ids: row numbers",)
    assert take({"title": ["t"], "comment": ["c"]}).texts == ("c",)
    assert take({"title": ["t"], "comment": ["c"]}, title="title").texts == ("t. c",)


def test_the_only_column_is_the_text() -> None:
    """Whatever its name; a name as long as a comment is one, in a file without a header, and is not shown whole."""
    assert take({"what did you like": ["a"]}).texts == ("a",)
    comment = "she explains everything twice and never gets tired of it"
    with pytest.raises(UnreadableTable, match=r"^a\.csv has no header: its first line must name the column"):
        take({comment: ["a"]})
    with pytest.raises(UnreadableTable, match=f"It has 1, {comment[:39]}…: python"):
        take({"1": ["x"], comment: ["a"]})


def test_what_pandas_writes_for_nothing_is_nothing() -> None:
    """NaN."""
    assert take({"text": ["a", float("nan")], "n": [1, 2]}).texts == ("a",)


def test_columns_that_are_not_there_are_told_with_those_that_are() -> None:
    """So is what to do if no name is that of a text."""
    with pytest.raises(UnreadableTable, match=r"a\.csv has no column remark; it has when, what"):
        take({"when": ["x"], "what": ["y"]}, text="remark")
    with pytest.raises(UnreadableTable, match=r"It has when, what: python -m worker train a\.csv --text COLUMN"):
        take({"when": ["x"], "what": ["y"]})
    assert take({"when": ["x"], "What": ["y"]}, text="what").texts == ("y",)
    with pytest.raises(UnreadableTable, match="no row has a text in column text"):
        take({"text": [None, None]})
    with pytest.raises(UnreadableTable, match=r"a\.csv, line 2: column text holds no text"):
        take({"text": [["secret"]]})


def test_ids_are_taken_if_each_row_has_its_own() -> None:
    """An id column that was named must be sound; one that was not is left aside with a warning."""
    assert take({"id": [7, "b"], "text": ["x", "y"]}).ids == ("7", "b")
    twice = take({"id": [7, 7], "text": ["x", "y"]})
    assert twice.ids == ("1", "2")
    assert twice.warnings == ("a.csv, line 3: the id in column id is also that of line 2: row numbers are the ids",)
    with pytest.raises(UnreadableTable, match="line 3: the id in column id is also that of line 2; leave --id out"):
        take({"id": [7, 7], "text": ["x", "y"]}, id="id")
    with pytest.raises(UnreadableTable, match="line 3: the id in column nr is empty"):
        take({"nr": [7, None], "text": ["x", "y"]}, id="nr")


def test_labels_are_those_of_the_comments() -> None:
    """One for each comment, "" for none."""
    assert take({"text": ["x", None, "z"], "what": ["a", "b", None]}, label="what").labels == ("a", "")

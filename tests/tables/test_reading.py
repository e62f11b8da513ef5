"""Files of people: each format, each encoding, and each way in which a file is broken."""

import gzip
import json
from pathlib import Path

import pytest

from worker.tables.reading import is_table, read_table
from worker.tables.table import UnreadableTable

ROWS = [("1", "Maayo kaayo, siya"), ("2", 'He said "no"'), ("3", "Ang ganda ñ")]


def write(path: Path, content: str | bytes) -> str:
    """Write a file and give its path."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_csv_file_is_read_whatever_separates_its_fields(separator: str, tmp_path: Path) -> None:
    """The header tells; texts in quotes may hold it, quotes and line breaks."""
    rows = ["id, comment ", '1,"a| b"', "", '2,"He said ""no""\nand left"', "3,", ""]
    text = "\n".join(row.replace("|", ",").replace(",", separator) for row in rows)
    table = read_table(write(tmp_path / "a.csv", text))
    assert table.columns == {"id": ["1", "2", "3"], "comment": [f"a{separator} b", 'He said "no"\nand left', None]}
    assert table.places == ["line 2", "line 4", "line 6"]
    assert table.notes == ()


def test_separators_within_the_name_of_a_column_separate_nothing(tmp_path: Path) -> None:
    """A form's export has its questions as names, with commas and line breaks in quotes."""
    text = '"How was it, overall, in\na ""few"" words, please?";teacher\nfine, thanks;A\n'
    table = read_table(write(tmp_path / "a.csv", text))
    assert table.columns == {'How was it, overall, in\na "few" words, please?': ["fine, thanks"], "teacher": ["A"]}


def test_the_mark_is_no_part_of_the_header_if_the_encoding_is_named(tmp_path: Path) -> None:
    """Excel writes UTF-8 with a mark, and a person calls that utf-8."""
    path = write(tmp_path / "a.csv", "comment\nmañana\n".encode("utf-8-sig"))
    assert read_table(path, "utf-8").columns == {"comment": ["mañana"]}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_encoding_that_is_certain_is_taken_silently(encoding: str, tmp_path: Path) -> None:
    """UTF-8, or what the mark at the beginning says; the mark is no part of the header."""
    table = read_table(write(tmp_path / "a.csv", "comment\nmañana\n".encode(encoding)))
    assert table.columns == {"comment": ["mañana"]}
    assert table.notes == ()


def test_a_guessed_encoding_is_told(tmp_path: Path) -> None:
    """What is not UTF-8 is taken for cp1252, and a person may name another one."""
    path = write(tmp_path / "a.csv", "comment\nmañana – “so”\n".encode("cp1252"))
    table = read_table(path)
    assert table.columns == {"comment": ["mañana – “so”"]}
    (note,) = table.notes
    assert "is read as cp1252, which is a guess" in note
    assert "--encoding NAME" in note
    assert read_table(path, "cp1252").notes == ()
    with pytest.raises(UnreadableTable, match="line 2: it is not utf-8; name its encoding"):
        read_table(path, "utf-8")
    with pytest.raises(UnreadableTable, match="there is no encoding klingon"):
        read_table(path, "klingon")
    with pytest.raises(UnreadableTable, match="neither in UTF-8 nor in cp1252"):
        read_table(write(tmp_path / "b.csv", b"comment\n\xff\x81\n"))


def test_json_lines_and_arrays(tmp_path: Path) -> None:
    """An object a line, or one array of them; gzipped or not; a key that an object lacks is an empty cell."""
    records = [{"id": 1, "text": "a\u2028b"}, {"text": " c "}]
    lines = "\n".join(json.dumps(record, ensure_ascii=False) for record in records) + "\n\n"
    wanted = {"id": [1, None], "text": ["a\u2028b", "c"]}
    for name, content in {
        "a.jsonl": lines.encode(),
        "b.ndjson.gz": gzip.compress(lines.encode()),
        "c.json": json.dumps(records).encode(),
        "d": lines.encode(),
    }.items():
        assert read_table(write(tmp_path / name, content)).columns == wanted, name


def test_parquet(tmp_path: Path) -> None:
    """By its name or by its first bytes; what is broken is told in one line."""
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is missing: pip install 'topic-model-worker[files]'")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"nr": [7, 8], "comment": ["a", None]}), tmp_path / "a.parquet")
    for name in ("a.parquet", "b.csv"):
        path = write(tmp_path / name, (tmp_path / "a.parquet").read_bytes())
        table = read_table(path)
        assert table.columns == {"nr": [7, 8], "comment": ["a", None]}
        assert table.places == ["row 1", "row 2"]
    with pytest.raises(UnreadableTable, match="no Parquet file that pyarrow reads"):
        read_table(write(tmp_path / "c.parquet", b"PAR1 and nothing"))


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says how to get it."""
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(UnreadableTable, match=r"pip install 'topic-model-worker\[files\]', or save the table as CSV"):
        read_table(write(tmp_path / "a.parquet", b"PAR1"))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "", "{path} is empty"),
        ("a.csv", "\n \n", "{path} is empty"),
        ("a.csv", "id,comment\n", "{path} has a header and not one row"),
        (
            "a.csv",
            "id,comment\n1,a\n2,b,secret\n",
            "{path}, line 3: 3 fields, but the header has 2, separated by commas",
        ),
        ("a.csv", 'id,comment\n1,"a\nb"\n2\n', "{path}, line 4: 1 fields"),
        ("a.csv", 'id,comment\n1,"secret\n2,b\n', "{path}, row that begins at line 2: "),
        ("a.csv", "id,comment,id\n1,a,2\n", "{path}: the column id stands twice"),
        ("a.csv.gz", gzip.compress(b"a" * 9_999, mtime=0)[:-9], "cannot read {path}: the gzip stream is damaged"),
        ("a.jsonl", "", "{path} is empty"),
        ("a.jsonl", '{"text": "a"}\n{"text": "secret\n', "{path}, line 2: not JSON: "),
        ("a.jsonl", '{"text": "a"}\n["secret"]\n', "{path}, line 2: not a JSON object"),
        ("a.json", '[{"text": "a"}, 7]', "{path}, entry 2: not a JSON object"),
        ("a.json", "[" * 100_000, "{path}: not JSON that can be read"),
        ("a.jsonl", '{"items": []}', "{path} is a batch envelope, no table"),
    ],
)
def test_a_broken_file_is_refused_in_one_line(name: str, content: str | bytes, message: str, tmp_path: Path) -> None:
    """It names the file and the line, and shows no cell."""
    path = write(tmp_path / name, content)
    with pytest.raises(UnreadableTable) as refused:
        read_table(path)
    assert str(refused.value).startswith(message.format(path=path))
    assert "secret" not in str(refused.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """With the system's reason."""
    with pytest.raises(UnreadableTable, match="No such file or directory"):
        read_table(str(tmp_path / "nowhere.csv"))


def test_a_long_text_is_read(tmp_path: Path) -> None:
    """Python's own limit is 131,072 characters a field."""
    table = read_table(write(tmp_path / "a.csv", f"comment\n{'word ' * 30_000}\n"))
    assert len(str(table.columns["comment"][0])) == 149_999


def test_which_files_are_tables() -> None:
    """Told by the name; an envelope may be called .json or anything else."""
    assert all(map(is_table, ["a.csv", "A.CSV", "a.tsv.gz", "dir/a.jsonl", "a.parquet"]))
    assert not any(map(is_table, ["a.json", "a.json.gz", "-", "a", "a.txt"]))

"""The fast parser gives what Python's own gives, or Python's own decides."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.contract.json_text import NotJson, parse_json

TEXTS = [
    *("NaN", "[Infinity, -Infinity]", "-NaN", "1e400", "-1e400", "-0", "-0.0", "1E5", "1e-400", "5e-324", "0.1e1"),
    *('"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\uD83D\\u0041"', '"\\u12"', '"\\x41"', '"\t"', '"\x7f"'),
    *("9" * 400, "9" * 4300, "9" * 4301, "-" + "9" * 4300, "18446744073709551616", "-9223372036854775809"),
    *("01", "1.", ".5", "+1", "1e", "1e+", "--1", "- 1", "0x10", "1_000", "[1,]", '{"a":1,}', '{"a":1,"a":2}', "[1 2]"),
    *("", " ", "  1  ", "\x0b1", "\xa01", "[1]\u2028", "[]x", "tru", "nan", "inf", "Infinityx", "{1:2}", "{'a':1}"),
    *('"abc', '{"a"}', '"a\x00"', "/*c*/1", "\ufeff1"),
    *("[" * n + "]" * n for n in (199, 200, 201, 500)),
]


def outcome(parse: object, text: bytes | str) -> str:
    """Tell what a parser gives, the type of each number included; "refused" if it gives nothing."""
    try:
        return repr(parse(text))  # type: ignore[operator]
    except (ValueError, RecursionError, NotJson):
        return "refused"


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text)[:30])
def test_it_decides_as_pythons_parser_does(text: str) -> None:
    """Accepted or refused, and the same value: numbers, half surrogates, repeated keys, depth."""
    assert outcome(parse_json, text) == outcome(json.loads, text)
    assert outcome(parse_json, text.encode("utf-8", "surrogatepass")) == outcome(
        json.loads, text.encode("utf-8", "surrogatepass")
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@pytest.mark.slow
@given(value=VALUES)
@settings(max_examples=200, derandomize=True, deadline=None)
def test_whatever_is_written_is_read_alike(value: object) -> None:
    """Any value that Python writes, half surrogates and NaN included."""
    text = json.dumps(value)
    assert repr(parse_json(text)) == repr(json.loads(text))


@given(mantissa=st.integers(0, 10**25), fraction=st.text("0123456789", max_size=25), exponent=st.integers(-340, 310))
@settings(max_examples=500, derandomize=True, deadline=None)
def test_floats_are_rounded_alike(mantissa: int, fraction: str, exponent: int) -> None:
    """To the nearest double, however many digits are written."""
    text = f"{mantissa}.{fraction or '0'}e{exponent}"
    parsed = parse_json(text)
    assert isinstance(parsed, float)
    assert parsed == json.loads(text) or math.isnan(parsed)


def test_what_is_no_utf_8_is_refused_from_bytes_and_from_strings_alike() -> None:
    """Redis's answer is a string in which such bytes stand as half surrogates, a file is bytes."""
    for raw in (b'"\xff"', b'"\xed\xa0\x80"', b"\xff"):
        for text in (raw, raw.decode("utf-8", "surrogateescape")):
            with pytest.raises(NotJson, match="is not JSON: it is not UTF-8 text"):
                parse_json(text)


def test_what_is_nested_too_deeply_says_so() -> None:
    """The sentence ends there: it holds nothing of the text."""
    with pytest.raises(NotJson, match="is not JSON this worker reads: nested too deeply"):
        parse_json("[" * 100_000)

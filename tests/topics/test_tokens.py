"""How a text is split: letters of every script, markup, odd characters, and time linear in its length."""

import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import effort
from worker.topics.words.function_words import is_function_word
from worker.topics.words.noise import is_noise
from worker.topics.words.splitting import split_all
from worker.topics.words.tokens import LONGEST_TOKEN, split, tokenize


def bold(text: str) -> str:
    """Write lower-case letters in the mathematical sans-serif bold alphabet."""
    return "".join(chr(0x1D5EE + ord(char) - 97) if "a" <= char <= "z" else char for char in text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (unicodedata.normalize("NFD", "niños señora sesión"), ["niños", "señora", "sesión"]),
        ("the labora\u00adtory equip\u200bment jo\u2060kes \ufefflate", ["laboratory", "equipment", "jokes", "late"]),
        ("प्रयोगशाला अध्यापक", ["प्रयोगशाला", "अध्यापक"]),
        ("நல்ல ஆசிரியர்", ["நல்ல", "ஆசிரியர்"]),
        ("老师讲课很清楚", ["老师", "师讲", "讲课", "清楚"]),
        ("好", ["好"]),
        ("コンピュータ 先生", ["コンピュータ", "先生"]),
        ("น้ำ", ["น้ำ"]),
        ("수업이 좋아요", ["수업이", "좋아요"]),
        (f"{bold('always late')} Ｆｕｌｌ ﬁne", ["late", "full", "fine"]),
        (
            "<p>lab&nbsp;equipment &amp; <b>broken</b></p><br/>&#39;funny&#39; &quot;old&quot;",
            ["lab", "equipment", "broken", "funny", "old"],
        ),
        ("lab amp; voice, quot;old quot; room #39;s", ["lab", "voice", "old", "room"]),
        ("Iraq #39;s lab, Iraq's voice", ["iraq", "lab", "iraq", "voice"]),
        ("R&amp;amp;B &ampnbsp R&D lab&notes", ["ampnbsp", "lab", "notes"]),
        ("see https://www.youtube.com/watch?v=1 or www.x.org, youtube.com/a me@home.com", []),
        ("see http://intranet/voice late", ["late"]),
        ("caf&eacute; lab &amp voice na&amp;iuml;ve", ["café", "lab", "voice", "naïve"]),
        ("5 < 7 grades > 3 <3 lab", ["grades", "lab"]),
        ("buot‑an buot‐an buot-an", ["buot-an"] * 3),
        ("kusog’g strikto`ng strikto'ng", ["kusog'g", "strikto'ng", "strikto'ng"]),
        (
            "but.an kaayo, pangutan.on ug nakat.on. lis.od tin.aw gab.i",
            ["but.an", "pangutan.on", "nakat.on", "lis.od", "tin.aw", "gab.i"],
        ),
        (
            "explains.Good lab.equipment good.the exam.always fair",
            ["explains", "good", "lab", "equipment", "good", "exam", "fair"],
        ),
        ("fair--what __lab__ *late* a_b", ["fair", "lab", "late", "a_b"]),
        ("data:image/png;base64," + "A1B2" * 5000, ["data", "image", "png", "base64"]),
        ("z" * LONGEST_TOKEN + "z lab", ["lab"]),
        ("lab\ud83d late", ["lab", "late"]),
    ],
)
def test_words_of_a_text(text: str, words: list[str]) -> None:
    """Letters with their marks, one spelling for look-alikes, no markup, no links, nothing that nobody sees."""
    assert tokenize(text) == words


@pytest.mark.parametrize(
    "piece",
    [
        "_",
        "'",
        "-",
        "a'",
        "a-",
        "a.",
        "but.",
        "&",
        "&#",
        "<a",
        "<!",
        "<p ",
        "www.",
        "http",
        "a@",
        "a.com ",
        "\u200b",
        "ha",
        "한",
        "老",
        "é",
        "\u0301\u0316",
        "\u0e33",
        "1'",
        "x",
    ],
)
def test_time_grows_with_the_length_and_not_with_its_square(piece: str) -> None:
    """Eight times the text takes far less than sixty-four times as long."""

    def seconds(n: int) -> float:
        text = piece * (n // len(piece))
        best = []
        for _ in range(3):
            began = time.process_time()
            # ASCII alone has a pattern of its own.
            split(text + " e")
            split(text + " é")
            best.append(time.process_time() - began)
        return max(min(best), 1e-3)

    assert seconds(80_000) / seconds(10_000) < 30


@pytest.mark.parametrize(
    "word",
    [
        "haha",
        "hahaha",
        "hahahhaha",
        "ahahaha",
        "hehehehe",
        "hihi",
        "huhuhu",
        "bwahaha",
        "jajaja",
        "hahahays",
        "hmmm",
        "mmmm",
        "lololol",
        "lmaooo",
        "kkkk",
        "wkwkwk",
    ],
)
def test_laughter_is_no_word(word: str) -> None:
    """Of any length and spelling."""
    assert is_noise(word)
    assert tokenize(word) == []


@pytest.mark.parametrize(
    "word",
    [
        "hard",
        "hope",
        "hate",
        "harsh",
        "home",
        "honest",
        "halaga",
        "hirap",
        "mahal",
        "jokes",
        "java",
        "huli",
        "hula",
        "mama",
        "ulo",
        "oral",
        "hayahay",
    ],
)
def test_words_that_begin_like_laughter_are_words(word: str) -> None:
    """They mean something."""
    assert not is_noise(word)
    assert tokenize(word) == [word]


@pytest.mark.parametrize(
    "word",
    [
        "yong",
        "tas",
        "dn",
        "bat",
        "pla",
        "kona",
        "saken",
        "saakin",
        "nka",
        "nio",
        "den",
        "neto",
        "kso",
        "nyu",
        "cia",
        "pati",
        "mukhang",
        "akala",
        "kala",
        "alam",
        "sabi",
        "lag",
        "rag",
        "sig",
        "aw",
        "ge",
        "ingun",
        "kayka",
        "dmu",
        "okey",
        "hi",
        "hello",
        "po'ng",
        "nya'g",
        "sya'y",
        "tlga",
        "tlgang",
        "pminsan",
        "ngdto",
        "nman",
        "kaayoooo",
        "sooooo",
        "pleaseee",
        "medyu",
        "kaajo",
        "unja",
        "hndi",
        "nmn",
        "ako'ng",
        "siyay",
        "silag",
        "atong",
        "teacher's",
        "sirrrr",
        "maammm",
    ],
)
def test_function_words_in_the_spelling_of_text_messages(word: str) -> None:
    """Short forms, by ear, with a clitic, stretched."""
    assert tokenize(word) == []


@pytest.mark.parametrize(
    "word",
    [
        "day",
        "run",
        "play",
        "skin",
        "god",
        "amoy",
        "die",
        "gpa",
        "ryan",
        "sea",
        "pray",
        "noun",
        "lms",
        "ojt",
        "good",
        "tagal",
        "bait",
        "klaro",
        "libog",
        "kusog",
        "tubag",
        "lisod",
        "maayo",
        "balay",
        "kind",
        "late",
        "note",
        "mode",
        "tone",
        "home",
        "code",
        "mali",
        "tama",
        "strikto",
        "buotan",
        "lecture",
        "speed",
    ],
)
def test_words_that_sound_like_function_words_are_words(word: str) -> None:
    """What is dropped by a rule must not mean something."""
    assert not is_function_word(word)
    assert tokenize(word) == [word]


_SNIPPETS = (
    *("Lab", "late", "a", "B2", "_", "'", "-", ".", "/", ":", "`", "@", "but.an", "iraq's", "no."),
    *("ñ", "é", "e\u0301", "\u0301", "Σ", "ﬁ", "😀", "ก", "老师", "\u200b", "\u00a0"),
    *("&", "&amp;", "&amp;amp;lt;", "amp;", "#39;", ";", "<b>", "</b>", "<br/>", "<", ">", "http://", "www.", "x.com"),
    *(" ", "  ", "\n", "\t", "\x1e", "\x1f", "\x85"),
)


@pytest.mark.soak
@settings(max_examples=effort(300, soak=20_000), deadline=None)
@given(st.lists(st.lists(st.sampled_from(_SNIPPETS), max_size=12).map("".join), max_size=6))
def test_a_batch_is_split_as_its_texts_are(texts: list[str]) -> None:
    """What is split once for the whole batch gives the tokens of each text, and numbers them as they appear."""
    found = split_all(texts)
    expected = [[*split(text), "."] for text in texts]
    assert list(found.numbers) == list(dict.fromkeys(token for own in expected for token in own))
    assert list(found.numbers.values()) == list(range(len(found.numbers)))
    spelled = list(found.numbers)
    tokens = [[spelled[i] for i in found.ids[start:end]] for start, end in pairwise(found.ends.tolist())]
    assert tokens == expected

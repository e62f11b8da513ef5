"""Texts without words, from which the engine counts the same terms."""

import base64
import itertools
import json
import subprocess
import sys

import numpy as np
import pytest

from tests.topics.comments import THEMES
from worker.replay.saved_job import redacted
from worker.topics.words.forms import families
from worker.topics.words.redaction import make_pseudonyms, redact_texts
from worker.topics.words.tokens import tokenize
from worker.topics.words.vocabulary import build_vocabulary

ODD = [
    "not clear, doesn't explain clearly; no problems",
    "dili klaro mutudlo motudlo tudlo, nagtutudlo tagal matagal",
    "sir reyes is late, reyes again. comment comments haha 12 <b>lab</b>&nbsp;equipment",
    "老师讲课不清楚 没有时间",
    "sa lab way klaro kaayo",
    "easy way klaro kaayo, way better klaro, d nako masabtan, d best",
    "प्रयोगशाला के उपकरण goooood good gooooood",
    "",
]


@pytest.mark.parametrize("stop_words", [(), ("sir reyes", "klaro")])
def test_the_same_terms_are_counted(stop_words: tuple[str, ...]) -> None:
    """Columns in the same order, with the same counts, families, neighbors and denials; and no word left."""
    texts = [*ODD, *(text for theme in THEMES for text in theme)]
    ours = build_vocabulary(texts, stop_words=stop_words)
    hidden, _ = redact_texts(texts, stop_words=stop_words)
    theirs = build_vocabulary(hidden)
    assert (ours.doc_term_matrix != theirs.doc_term_matrix).nnz == 0
    for name in ("tokens", "offsets", "joined", "stems"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    assert not {word for text in texts for word in tokenize(text)} & {
        word for text in hidden for word in tokenize(text)
    }


def test_many_forms_of_one_word_stay_apart() -> None:
    """In the order of the alphabet."""
    words = sorted("goo" + "o" * n + "d" + s for n in range(15) for s in ("", "s"))
    pseudonyms = make_pseudonyms(words)
    assert len(set(pseudonyms.values())) == len(words)
    assert [pseudonyms[word] for word in words] == sorted(pseudonyms.values())


def test_no_pseudonym_is_a_form_of_another_family_s() -> None:
    """In a batch in Tagalog neither, where a verb changes its first letter."""
    words = ["x" + "".join(letters) for letters in itertools.product("bcdfgh", repeat=5)]
    pseudonyms = make_pseudonyms(words).values()
    assert len(set(families(pseudonyms).values())) == len(set(families(words).values()))


def test_own_stop_words_are_redacted() -> None:
    """They are names of people; the texts hold them no more, so the parameter is empty."""
    items = [{"submissionId": "a", "text": "Sir Reyes is late", "embedding": [1]}]
    saved = redacted({"items": items, "params": {"stop_words": ["Sir Reyes"]}})
    assert saved["params"]["stop_words"] == []
    assert "reyes" not in json.dumps(saved).lower()
    assert redacted({"items": items, "params": {"stop_words": [7]}})["params"]["stop_words"] == []


def test_packed_embeddings_are_kept_and_other_strings_are_not() -> None:
    """A string in the embedding's place may be the comment: it is kept only if it is a whole packed embedding."""
    packed = base64.b64encode(np.ones(768, dtype="<f4").tobytes()).decode()
    strings = [packed, "mahusaysiyaturo1", "x" * 4096 + "=", "late again " * 400]
    items = [{"submissionId": "a", "text": "late", "embedding": string} for string in strings]
    assert [item["embedding"] for item in redacted({"items": items})["items"]] == [packed, None, None, None]


def test_redacting_loads_no_engine() -> None:
    """The parent process stays small."""
    code = (
        "import sys; from worker.replay.saved_job import redacted; "
        "redacted({'items': [{'text': 'late'}]}); print(*sorted(sys.modules))"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert not set(process.stdout.split()) & {"sklearn", "scipy", "torch", "bertopic", "pandas"}

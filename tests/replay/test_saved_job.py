"""`--save-job` and `--redact`: the envelope as it was taken, with or without its words."""

import gzip
import json
import re
from pathlib import Path

import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.replay.commands import EXAMPLE, ask, documents_of, told
from tests.replay.conftest import Call
from tests.replay.sessions import session_of
from tests.replay.small_batch import QUICK, SMALL
from worker.contract.envelope import Rejection, read_envelope
from worker.replay.saved_job import redacted
from worker.topics.words.academic_aspects import ACADEMIC_ASPECTS
from worker.topics.words.tokens import tokenize


@pytest.mark.slow
def test_a_saved_job_reproduces(batch: Path, tmp_path: Path, ask_here: Call) -> None:
    """What is saved is the envelope as taken, overrides left out, and gives the same bytes each time."""
    saved, again = tmp_path / "out.json.gz", tmp_path / "again.json.gz"
    assert ask_here("--once", batch, "--save-job", saved, "--set", "nr_topics=2", **QUICK).returncode == 0
    assert json.loads(gzip.decompress(saved.read_bytes())) == json.loads(batch.read_text())
    assert ask_here("--once", saved, "--save-job", again, **QUICK).returncode == 0
    assert saved.read_bytes() == again.read_bytes()


@pytest.mark.slow
def test_a_redacted_job_reproduces_without_a_word() -> None:
    """The real example gives the same topics from pseudonyms, of which none is a word of a comment."""
    envelope = json.loads(gzip.decompress(EXAMPLE.read_bytes()))
    envelope["params"] = {"aspects": {"order": ["late", "absent"], "hearing": ["voice"]}}
    pseudonymous = redacted(envelope)
    ours, theirs = session_of(envelope).document, session_of(pseudonymous).document
    assert ours["assignments"] == theirs["assignments"]
    assert ours["metrics"] == theirs["metrics"]
    assert ours["aspectMapping"] == theirs["aspectMapping"]
    words = {word for item in envelope["items"] for word in tokenize(item["text"])}
    left = {word for item in pseudonymous["items"] for word in tokenize(item["text"])}
    assert len(left) == len(words)
    assert not left & words
    assert all(not re.search("[1-9]", item["text"].split(" ", 1)[1]) for item in pseudonymous["items"])


@pytest.mark.slow
def test_a_redacted_job_with_the_built_in_aspects_reproduces() -> None:
    """Their seeds are written out as pseudonyms, under their names: English ones would match nothing."""
    envelope = json.loads(gzip.decompress(EXAMPLE.read_bytes()))
    envelope["params"] = {"tier1_guided": True, "match_threshold": 0.3}
    pseudonymous = redacted(envelope)
    assert pseudonymous["params"]["aspects"].keys() == ACADEMIC_ASPECTS.keys()
    ours, theirs = session_of(envelope).document, session_of(pseudonymous).document
    assert ours["aspectMapping"] == theirs["aspectMapping"]
    assert len({aspect["aspect"] for aspect in ours["aspectMapping"].values()} - {"emergent", "outlier"}) > 3
    off = redacted(envelope | {"params": {"tier1_guided": False}})
    assert off["params"] == {"tier1_guided": False}


@pytest.mark.slow
def test_a_rejected_envelope_can_be_saved(tmp_path: Path) -> None:
    """A batch that breaks the contract is saved all the same, redacted without what nobody knows."""
    envelope = themed_envelope(**SMALL)
    envelope["items"][2]["text"] = ["a list"]
    envelope["items"][3]["teacher"] = "Mr. Somebody"
    envelope["metadata"]["teacher"] = "Mr. Somebody"
    envelope["comment"] = "Mr. Somebody"
    path, saved = tmp_path / "job.json", tmp_path / "out.json"
    path.write_text(json.dumps(envelope))
    process = ask("--once", path, "--save-job", saved, "--redact")
    assert process.returncode == 1
    assert "items[2].text" in told(process)
    assert "Somebody" not in saved.read_text()
    assert documents_of(ask("--once", saved))[0]["error"] == documents_of(process)[0]["error"]


def test_a_redacted_envelope_keeps_no_words_in_odd_places() -> None:
    """Not in parameters, ids or types of a wrong kind; what was wrong stays wrong, and what was right, right."""
    maria = "Maria Santos"
    envelope = themed_envelope(**SMALL) | {"type": maria, "jobId": [maria]}
    envelope["items"][1]["submissionId"] = [maria]
    envelope["metadata"]["runId"] = {"t": maria}
    for params in (
        {"note": maria, "nr_topics": 4, "aspects": {"a": maria, "b": ["late", maria], "c": [3, maria]}},
        {"aspects": [maria], "min_topic_size": maria, "umap_n_neighbors": [maria]},
        maria,
        [maria],
    ):
        saved = redacted(envelope | {"params": params})
        text = json.dumps(saved)
        assert "Maria" not in text
        assert "Santos" not in text
        assert isinstance(read_envelope(saved), Rejection)
    kept = redacted(themed_envelope(**SMALL) | {"params": {"nr_topics": 4, "reduce_outliers": False, "aspects": None}})
    assert kept["params"] == {"nr_topics": 4, "reduce_outliers": False, "aspects": None}

"""The parameters that ask for more than the contract's own fields."""

from typing import Any

import pytest

from tests.contract.envelopes import make_envelope
from worker.contract.envelope import Batch, Rejection, read_envelope


def with_params(**params: Any) -> Batch | Rejection:
    """Read a sound envelope with these parameters."""
    return read_envelope(make_envelope(20) | {"params": params})


def test_nothing_is_asked_for_by_default() -> None:
    """Left out and null are the same."""
    nulls = dict.fromkeys(("aspects", "tier1_guided", "match_threshold", "multi_topic"))
    plain, null = with_params(), with_params(**nulls)
    assert isinstance(plain, Batch)
    assert isinstance(null, Batch)
    assert plain.params == null.params
    assert (plain.params.aspects, plain.params.academic_aspects, plain.params.multi_topic) == (None, False, False)


def test_what_is_asked_for_arrives() -> None:
    """Seed words keep their order, each once."""
    batch = with_params(
        aspects={"lab": ["beaker", "lab", "beaker"]}, match_threshold=1, tier1_guided=True, multi_topic=True
    )
    assert isinstance(batch, Batch)
    assert batch.params.aspects == {"lab": ("beaker", "lab")}
    assert (batch.params.match_threshold, batch.params.academic_aspects, batch.params.multi_topic) == (1.0, True, True)


def test_the_thresholds_of_second_topics_and_the_diversity_arrive() -> None:
    """Left out and null are the contract's defaults; there is no threshold of aspects if none was sent."""
    names = ("primary_threshold", "secondary_threshold", "secondary_gap_max", "mmr_diversity")
    for sent in ({}, dict.fromkeys((*names, "match_threshold"))):
        batch = with_params(**sent)
        assert isinstance(batch, Batch)
        rule = batch.params.second_topic
        assert (rule.primary, rule.secondary, rule.most_gap, batch.params.mmr_diversity) == (0.2, 0.15, 0.2, 0.4)
        assert batch.params.match_threshold is None
    batch = with_params(**dict(zip(names, (0, 1, 0.5, 0.25), strict=True)))
    assert isinstance(batch, Batch)
    rule = batch.params.second_topic
    assert (rule.primary, rule.secondary, rule.most_gap, batch.params.mmr_diversity) == (0.0, 1.0, 0.5, 0.25)


def test_own_stop_words_arrive() -> None:
    """Phrases too, each once; null and an empty list are none."""
    batch = with_params(stop_words=["sir reyes", "reyes", "sir reyes"])
    assert isinstance(batch, Batch)
    assert batch.params.stop_words == ("sir reyes", "reyes")
    for none in (None, []):
        empty = with_params(stop_words=none)
        assert isinstance(empty, Batch)
        assert empty.params.stop_words == ()


def test_what_is_taken_out_of_the_embeddings() -> None:
    """Nothing, if the parameter is left out or null."""
    asked = [with_params(neutralize=value) for value in (True, False, None)]
    batches = [batch for batch in (*asked, with_params()) if isinstance(batch, Batch)]
    assert [batch.params.neutralize for batch in batches] == [True, False, False, False]


@pytest.mark.parametrize(
    ("params", "place"),
    [
        ({"aspects": []}, "params.aspects: must be an object"),
        ({"aspects": {}}, "params.aspects: must be an object"),
        ({"aspects": {"lab": []}}, "params.aspects: must give each aspect"),
        ({"aspects": {"lab": "beaker"}}, "params.aspects: must give each aspect"),
        ({"aspects": {"lab": [""]}}, "params.aspects: must give each aspect"),
        ({"aspects": {" ": ["beaker"]}}, "params.aspects: must give each aspect"),
        ({"aspects": {"lab": [7]}}, "params.aspects: must give each aspect"),
        ({"aspects": {"lab": ["\ud800"]}}, "params.aspects: must give each aspect"),
        ({"aspects": {str(i): ["x"] for i in range(51)}}, "params.aspects: must be an object"),
        ({"match_threshold": "0.5"}, "params.match_threshold: must be a number"),
        ({"match_threshold": True}, "params.match_threshold: must be a number"),
        ({"match_threshold": float("nan")}, "params.match_threshold: must be a number"),
        ({"match_threshold": 1.5}, "params.match_threshold: must be a number"),
        ({"primary_threshold": 1.1}, "params.primary_threshold: must be a number between 0 and 1"),
        ({"secondary_threshold": "0.1"}, "params.secondary_threshold: must be a number"),
        ({"secondary_gap_max": True}, "params.secondary_gap_max: must be a number"),
        ({"mmr_diversity": -0.1}, "params.mmr_diversity: must be a number between 0 and 1"),
        ({"embed_missing": "yes"}, "params.embed_missing: must be true or false"),
        ({"multi_topic": 1}, "params.multi_topic: must be true or false"),
        ({"stop_words": "sir"}, "params.stop_words: must be an array of at most 1000 words or phrases"),
        ({"stop_words": [""]}, "params.stop_words: must be an array"),
        ({"stop_words": [7]}, "params.stop_words: must be an array"),
        ({"stop_words": ["x" * 101]}, "params.stop_words: must be an array"),
        ({"stop_words": ["x"] * 1001}, "params.stop_words: must be an array"),
        ({"stop_words": ["\ud800"]}, "params.stop_words: must be an array"),
        ({"neutralize": "pronouns"}, "params.neutralize: must be true or false"),
        ({"neutralize": 0}, "params.neutralize: must be true or false"),
        ({"tier1_guided": "yes"}, "params.tier1_guided: must be true or false"),
    ],
)
def test_a_bad_value_is_refused(params: dict[str, Any], place: str) -> None:
    """The place is named, the value is not repeated."""
    rejection = with_params(**params)
    assert isinstance(rejection, Rejection)
    assert rejection.error.startswith(f"Invalid envelope: {place}")

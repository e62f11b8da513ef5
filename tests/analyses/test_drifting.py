"""What a person reads of drift."""

from dataclasses import replace
from typing import Any

from tests.models.made_up import Comments, first_model
from worker.analyses.drifting import drift_lines
from worker.models.model import KeptModel

MODEL = {"tenant": "campus-3", "version": "20260321_103500"}


def kept() -> KeptModel:
    """Make a model of four topics."""
    comments = Comments(12)
    return first_model(comments, comments.rows(0, 1, 2, 3))


def result(**drift: Any) -> dict[str, Any]:
    """Make what is read of a prediction of 100 comments: 60 in topic 0, 30 in topic 1, 10 in none."""
    topics = [{"topicIndex": 0, "docCount": 60}, {"topicIndex": 1, "docCount": 30}]
    level = {"level": "MEDIUM", "enough": True, "pValue": 0.0042, "shift": 0.05, "moved": [0, 2]}
    return {"topics": topics, "drift": level | drift, "model": MODEL, "keywordJaccard": 0.14}


def test_the_level_and_what_moved_are_told_in_words() -> None:
    """With the share of the comments now and before; keywords are told, and that nothing goes by them."""
    model = kept()
    model = replace(model, baseline={0: 200, 1: 300, 2: 400, 3: 100}, baseline_outliers=0)
    level, more, less, outliers, keywords = drift_lines(result(), model, 100)
    assert level == (
        "drift: MEDIUM (p = 0.0042): chance hardly explains the difference (100 comments, model 20260321_103500 of "
        "campus-3)"
    )
    words = [", ".join(model.topic(number).keywords[:4]) for number in (0, 2)]
    assert more == f"  more topic 0 ({words[0]}): 60.0% of the comments, 20.0% before"
    assert less == f"  less topic 2 ({words[1]}): 0.0% of the comments, 40.0% before"
    assert outliers == "  more outliers: 10.0% of the comments, 0.0% before"
    assert keywords.startswith(
        "keywords of topics found anew in these comments: Jaccard 0.14 with the model's; the level"
    )
    assert drift_lines(result(shift=0.314), model, 100)[4].startswith(
        "  the comments as a whole lie elsewhere than before, as if 31% of"
    )
    assert drift_lines(result(level="LOW", moved=[]), model, 100)[0].startswith("drift: LOW (p = 0.0042): chance expl")


def test_too_few_comments_tell_nothing() -> None:
    """One line says how many it takes."""
    model = kept()
    (line,) = drift_lines(result(level="LOW", enough=False), model, 30)
    assert line == "drift: too few to tell: 30 comments, and it takes 50 (model 20260321_103500 of campus-3)"

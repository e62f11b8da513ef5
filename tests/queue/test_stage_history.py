"""How long a job still needs, told by the jobs before it."""

import pytest

from worker.queue.stage_history import MAX_RATIO, REMEMBERED, StageHistory

STAGES = {"neighbours": 1.0, "reduce": 6.0, "cluster": 3.0}


@pytest.fixture
def history() -> StageHistory:
    """Give the history of a worker that has done one job of 100 items."""
    history = StageHistory()
    history.add("topic-model", 100, STAGES)
    return history


def test_without_a_job_like_it_there_is_no_estimate(history: StageHistory) -> None:
    """Neither of another kind, nor of another size, nor of other stages."""
    assert StageHistory().left_s("topic-model", 100, ["neighbours"]) is None
    assert history.left_s("topic-model.update", 100, ["neighbours"]) is None
    assert history.left_s("topic-model", 100 * int(MAX_RATIO) + 1, ["neighbours"]) is None
    assert history.left_s("topic-model", 24, ["neighbours"]) is None
    assert history.left_s("topic-model", 100, ["load"]) is None
    assert history.left_s("topic-model", 100, ["neighbours", "reduce", "neighbours"]) is None


@pytest.mark.parametrize(
    ("begun", "left_s"),
    [(["neighbours"], 10.0), (["neighbours", "reduce"], 9.0), (["neighbours", "reduce", "cluster"], 3.0)],
)
def test_what_is_left_begins_with_the_stage_that_begins(history: StageHistory, begun: list[str], left_s: float) -> None:
    """A job of the same size takes as long as the one before, one of twice the size twice as long."""
    assert history.left_s("topic-model", 100, begun) == left_s
    assert history.left_s("topic-model", 200, begun) == 2 * left_s


def test_an_odd_job_changes_little(history: StageHistory) -> None:
    """A machine that was busy once is outvoted."""
    for factor in (1.1, 50.0, 0.9):
        history.add("topic-model", 100, {stage: factor * duration_s for stage, duration_s in STAGES.items()})
    left_s = history.left_s("topic-model", 100, ["neighbours"])
    assert left_s == pytest.approx(10.5)


def test_jobs_of_the_nearest_size_decide(history: StageHistory) -> None:
    """Five of them."""
    for n_items in (50, 90, 95, 105, 110):
        history.add("topic-model", n_items, {"neighbours": 1.0 if n_items > 50 else 99.0})
    history.add("topic-model", 300, {"neighbours": 900.0})
    assert history.left_s("topic-model", 100, ["neighbours"]) == pytest.approx(100 / 95, rel=0.1)


def test_old_jobs_are_forgotten(history: StageHistory) -> None:
    """A worker that has become faster tells so."""
    for _ in range(REMEMBERED):
        history.add("topic-model", 100, dict.fromkeys(STAGES, 0.5))
    assert history.left_s("topic-model", 100, ["neighbours"]) == 1.5

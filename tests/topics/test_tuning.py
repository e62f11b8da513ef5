"""The search for settings: what it tries, how it judges, and when it leaves the default alone."""

from typing import Any

import numpy as np
import pytest

from tests.topics.themes import themed_corpus
from worker.topics.engine import Engine
from worker.topics.evaluation.modularity import modularity
from worker.topics.fit import NoTopics, StageAdvanced, StageFinished, TopicFit, TopicMetrics, TopicParams
from worker.topics.graph import reduction
from worker.topics.pipeline import fit_topics
from worker.topics.trials import Quality, TuneBatch, Tuned, verdict
from worker.topics.tuning import run
from worker.topics.words.encoders import CorpusEncoder

ENGINE = Engine(fit_topics, CorpusEncoder(), "cpu", "")


def quality(modularity: float, *stabilities: float, largest: float = 0.2, outliers: float = 0.1) -> Quality:
    """Make an outcome."""
    return Quality(TopicMetrics(0.1, 0.9, outliers, 0.2, 0.3), 5, largest, modularity, stabilities)


def test_the_default_stays_unless_it_is_beaten_by_more_than_noise() -> None:
    """Differences are paired by halves: what all halves say alike is no noise, however much they differ."""
    default = quality(0.6, 0.5, 0.9, 0.5, 0.9)
    assert verdict([default]).best == 0
    found = verdict([default, quality(0.6, 0.9, 0.55, 0.9, 0.55)])
    assert found.best == 1
    assert found.gain == pytest.approx(0.015)
    assert found.noise > 0.1
    assert not found.beats_default
    found = verdict([default, quality(0.6, 0.55, 0.95, 0.55, 0.95)])
    assert (found.best, found.beats_default) == (1, True)
    assert found.noise == 0.01
    assert not verdict([default, quality(0.6, 0.51, 0.91, 0.51, 0.91)]).beats_default
    assert verdict([default, default]).best == 0


def test_giants_and_many_outliers_are_never_chosen() -> None:
    """Whatever their objective; a default of that kind is beaten by any other, and stays if there is none."""
    fair, giant = quality(0.3, 0.5, 0.5), quality(0.6, 0.9, 0.9, largest=0.41)
    outliers = quality(0.6, 0.9, 0.9, outliers=0.31)
    assert giant.excluded == "one topic has 41% of the comments"
    assert outliers.excluded == "31% of the comments are in no topic"
    assert verdict([fair, giant, outliers]).best == 0
    found = verdict([giant, NoTopics.NO_CLUSTERS, fair])
    assert (found.best, found.beats_default) == (2, True)
    assert (verdict([giant, outliers]).best, verdict([NoTopics.NO_CLUSTERS, fair]).best) == (0, 1)


def test_modularity_is_that_of_the_definition() -> None:
    """Newman and Girvan 2004, by the whole matrix; each outlier is a community of its own."""
    draws = np.random.default_rng(0)
    indices = np.array([draws.choice(np.delete(np.arange(30), row), 4, replace=False) for row in range(30)])
    labels = draws.integers(-1, 3, size=30)
    joined = np.zeros((30, 30))
    joined[np.repeat(np.arange(30), 4), indices.ravel()] = 1
    joined = np.maximum(joined, joined.T)
    same = (labels[:, None] == labels) & (labels >= 0) | np.eye(30, dtype=bool)
    degrees, total = joined.sum(axis=1), joined.sum()
    wanted = ((joined - np.outer(degrees, degrees) / total) * same).sum() / total
    assert modularity(indices, labels) == pytest.approx(wanted)


@pytest.fixture(scope="module")
def searched() -> tuple[TuneBatch, Tuned, list[Any], int]:
    """Search on six themes by a grid; count the layouts."""
    texts, embeddings, _ = themed_corpus(25)
    task = TuneBatch(tuple(texts), embeddings, TopicParams(), {"n_topics": (3, 20), "min_cluster_size": (8, 10)})
    events: list[Any] = []
    layouts = 0
    lay_out = reduction.lay_out

    def counted(*arguments: Any, **options: Any) -> Any:
        nonlocal layouts
        layouts += 1
        return lay_out(*arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reduction, "lay_out", counted)
        found = run(task, ENGINE, events.append)
    assert isinstance(found, Tuned)
    return task, found, events, layouts


@pytest.mark.slow
def test_every_setting_of_a_grid_is_tried_once(searched: tuple[TuneBatch, Tuned, list[Any], int]) -> None:
    """The default first, and not again as one of the grid; a layout each for the batch and its four halves."""
    _, found, events, layouts = searched
    assert [trial.settings for trial in found.trials] == [
        {},
        {"n_topics": 3, "min_cluster_size": 8},
        {"n_topics": 3, "min_cluster_size": 10},
        {"n_topics": 20, "min_cluster_size": 10},
    ]
    assert layouts == 5
    shares = [event.share for event in events if isinstance(event, StageAdvanced)]
    assert shares == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert [event.stage for event in events if isinstance(event, StageFinished)] == ["neighbours", "try"]


@pytest.mark.slow
def test_a_search_does_not_depend_on_the_order_of_the_batch(searched: tuple[TuneBatch, Tuned, list[Any], int]) -> None:
    """The same comments give the same trials to the last digit."""
    task, found, _, _ = searched
    order = np.random.default_rng(1).permutation(len(task.texts))
    texts = tuple(task.texts[row] for row in order)
    again = TuneBatch(texts, task.embeddings[order], task.params, {"n_topics": (3,), "min_cluster_size": (8,)})
    events: list[Any] = []
    assert run(again, ENGINE, events.append) == Tuned(found.trials[:2])
    # The default is not in this grid, and is counted too.
    assert [event.share for event in events if isinstance(event, StageAdvanced)] == [0.5, 1.0]


@pytest.mark.slow
def test_a_trial_is_the_fit_that_a_job_would_make(searched: tuple[TuneBatch, Tuned, list[Any], int]) -> None:
    """With the same metrics; six themes are better than three, and the default, which finds them, stays."""
    task, found, _, _ = searched
    settings = {"n_topics": 3, "min_cluster_size": 8}
    alone = fit_topics(
        task.texts,
        task.embeddings,
        TopicParams(**settings),
        encoder=CorpusEncoder(),
        device="cpu",
        on_stage=lambda _: None,
    )
    outcomes = [trial.outcome for trial in found.trials]
    default, few = outcomes[0], outcomes[1]
    assert isinstance(alone, TopicFit)
    assert isinstance(default, Quality)
    assert isinstance(few, Quality)
    assert few.metrics == alone.metrics
    assert (few.n_topics, default.n_topics) == (3, 6)
    assert few.objective < default.objective
    assert not found.verdict.beats_default

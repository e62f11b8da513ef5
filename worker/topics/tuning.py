"""The task that tries settings on a batch: neighbors are searched once, and each layout is made once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import product
from typing import Final

import numpy as np

from worker.topics.adaptation import AdaptedParams, adapt
from worker.topics.engine import Engine
from worker.topics.evaluation.modularity import modularity
from worker.topics.evaluation.stability import agreement
from worker.topics.fit import IntArray, NoTopics, OnStage, Stage, TopicFit
from worker.topics.graph.reduction import Layouts
from worker.topics.modelling import topics_anew
from worker.topics.preparation import Preparation
from worker.topics.stages import StageClock
from worker.topics.trials import Quality, Trial, TuneBatch, Tuned, verdict
from worker.topics.words.embedding import completed_embeddings

STAGE: Final = "try"
# What the worker tries by itself: first numbers of topics, then multiples of the smallest topic's size.
N_TOPICS: Final = (5, 8, 12, 20, 30, 50)
SIZE_FACTORS: Final = (0.5, 2.0, 3.0)
_SMALLEST_SIZE: Final = 3
# Neighbors of the graph in which topics are judged.
_N_NEIGHBORS: Final = 20
# Each draw divides the documents into two halves.
_N_DRAWS: Final = 2
_SEED: Final = 42

_Settings = dict[str, int]


def run(task: TuneBatch, engine: Engine, on_stage: OnStage) -> Tuned | NoTopics:
    """Try settings, the default first; the same batch gives the same trials."""
    embeddings = completed_embeddings(task.texts, task.embeddings, task.missing, engine.encoder, on_stage)
    if isinstance(embeddings, NoTopics):
        return embeddings
    task = replace(task, embeddings=embeddings)
    clock = StageClock(on_stage)
    clock.enter(Stage.NEIGHBOURS)
    bench = _Bench(task, engine)
    clock.note(documents=len(task.texts))
    clock.enter(STAGE)
    trials: list[Trial] = []
    n_trials = _n_trials(task.grid, bench)
    for settings in _search(task.grid, bench.adapted({}), trials):
        in_force = asdict(bench.adapted(settings))
        if all(trial.in_force != in_force for trial in trials):
            trials.append(Trial(settings, in_force, bench.outcome(settings)))
            clock.advance(min(1.0, len(trials) / n_trials))
    tuned = Tuned(tuple(trials))
    clock.note(trials=len(trials), best=tuned.verdict.best, beats_default=tuned.verdict.beats_default)
    clock.finish()
    failures = [trial.outcome for trial in trials if isinstance(trial.outcome, NoTopics)]
    return failures[0] if len(failures) == len(trials) else tuned


def _search(grid: Mapping[str, Sequence[int]], default: AdaptedParams, trials: list[Trial]) -> Iterator[_Settings]:
    """Give the settings to try, the default first; without a grid what comes later depends on the trials before."""
    yield {}
    if grid:
        for values in product(*grid.values()):
            yield dict(zip(grid, values, strict=True))
        return
    for n_topics in N_TOPICS:
        yield {"n_topics": n_topics}
    best = trials[verdict([trial.outcome for trial in trials]).best].settings
    for factor in SIZE_FACTORS:
        size = max(_SMALLEST_SIZE, round(factor * default.min_cluster_size))
        yield {**best, "min_cluster_size": size}


def _n_trials(grid: Mapping[str, Sequence[int]], bench: "_Bench") -> int:
    """Count the settings that differ from each other; without a grid about so many."""
    if not grid:
        return len(N_TOPICS) + len(SIZE_FACTORS)
    return len({bench.adapted(settings) for settings in _search(grid, bench.adapted({}), [])})


class _Bench:
    """One batch, made ready for all trials, and the halves that they share."""

    def __init__(self, task: TuneBatch, engine: Engine) -> None:
        self._task = task
        self._engine = engine
        n = len(task.texts)
        most = max([_N_NEIGHBORS, self.adapted({}).n_neighbors, *task.grid.get("n_neighbors", ())])
        self._shared = Preparation(task.texts, task.embeddings, engine.device, most_neighbors=most, keeps_layouts=True)
        _, wording = self._shared.words(task.params.stop_words)
        self._shared.neutralize(wording, task.params.neutralize)
        self._graph = self._shared.neighbors(_N_NEIGHBORS).indices
        draws = np.random.default_rng(_SEED)
        orders = [draws.permutation(n) for _ in range(_N_DRAWS)]
        halves = [np.sort(half) for order in orders for half in (order[: n // 2], order[n // 2 :])]
        self._halves: list[tuple[IntArray, Layouts]] = [(half, {}) for half in halves]

    def adapted(self, settings: _Settings) -> AdaptedParams:
        """Give all settings in force."""
        return adapt(replace(self._task.params, **settings), len(self._task.texts))  # type: ignore[arg-type]

    def outcome(self, settings: _Settings) -> Quality | NoTopics:
        """Fit with some settings, and judge the topics."""
        params, engine, shared = replace(self._task.params, **settings), self._engine, self._shared  # type: ignore[arg-type]
        fit: TopicFit | NoTopics = engine.fit(
            self._task.texts,
            self._task.embeddings,
            params,
            encoder=engine.encoder,
            device=engine.device,
            on_stage=lambda _: None,
            preparation=shared,
        )
        if isinstance(fit, NoTopics):
            return fit
        labels = fit.labels[shared.order]
        return Quality(
            metrics=fit.metrics,
            n_topics=len(fit.topics),
            largest=fit.topics[0].size / len(labels),
            modularity=modularity(self._graph, labels),
            stabilities=self._stabilities(settings, labels),
        )

    def _stabilities(self, settings: _Settings, labels: IntArray) -> tuple[float, ...]:
        """Compare topics, in the order of the corpus, with those that each half has by itself."""
        shared, params = self._shared, replace(self._task.params, **settings)  # type: ignore[arg-type]
        prepared = shared.for_fit(params, self.adapted(settings), self._engine.encoder)  # type: ignore[arg-type]
        found = []
        for kept, layouts in self._halves:
            part = replace(shared.part(kept, prepared), layouts=layouts)
            found.append(agreement(labels[kept], topics_anew(part)))
        return tuple(found)

"""The engine's entry: the stages of a batch in order."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from worker.topics.adaptation import adapt
from worker.topics.assembly import assemble, in_order_of
from worker.topics.bertopic.export import renumber, save
from worker.topics.carrying import carry_over
from worker.topics.diagnostics import Diagnostics
from worker.topics.earlier import EarlierTopics
from worker.topics.evaluation import diagnosis, overrepresentation
from worker.topics.evaluation.levers import try_levers
from worker.topics.evaluation.stability import measure_stability
from worker.topics.fit import FloatArray, NoTopics, OnStage, Stage, TopicFit, TopicParams
from worker.topics.keeping import topic_traits
from worker.topics.modelling import Modelled, model_topics, no_clusters
from worker.topics.preparation import Preparation, Prepared
from worker.topics.stages import StageClock
from worker.topics.words.encoders import KeywordEncoder, unit
from worker.topics.words.keywords import Keyword

WARM_UP_DIMENSIONS = 768


def fit_topics(
    texts: Sequence[str],
    embeddings: FloatArray,
    params: TopicParams,
    *,
    encoder: KeywordEncoder,
    device: str,
    on_stage: OnStage,
    diagnose: bool = False,
    levers: bool = False,
    stability: int = 0,
    keep: bool = False,
    save_bertopic: str | None = None,
    preparation: Preparation | None = None,
    earlier: EarlierTopics | None = None,
) -> TopicFit | NoTopics:
    """Find the topics of a batch; the order of its items does not matter.

    Args:
        texts: (n,) the documents. Not edited.
        embeddings: (n, d) float32, L2-normalized, no zero row. Not modified.
        params: what was asked for.
        encoder: gives keywords their vectors; its cache is all that outlives the batch.
        device: "cpu" or "cuda:N".
        on_stage: called when a stage begins and when it ends.
        diagnose: whether to add what explains the fit; the fit itself does not change.
        levers: whether it also tells what other parameters would give, of layouts that are kept for that.
        stability: reruns to add how far the topics hold together; 0 for none.
        keep: whether to add what a kept model needs.
        save_bertopic: a folder for BERTopic's own object, in the numbers of the fit; None for none.
        preparation: of the same texts and embeddings, if several fits share it.
        earlier: the topics of an earlier fit, its labels in the order of `texts`; its topics stay.

    Returns:
        The topics, labels in the order of `texts`, or why there are none.
    """
    shared = preparation or Preparation(texts, embeddings, device, keeps_layouts=levers)
    clock = StageClock(on_stage)
    outcome = _fit(shared, params, encoder, clock, earlier)
    clock.finish()
    if isinstance(outcome, NoTopics):
        return outcome
    prepared, _, fit, _ = outcome
    steady = measure_stability(shared, prepared, fit.labels, stability, clock) if stability else None
    ordered = replace(in_order_of(shared.order, fit), stability=steady)
    if diagnose:
        ordered = replace(ordered, diagnostics=_explained(shared, outcome, clock if levers else None))
    if save_bertopic is not None:
        _save_bertopic(outcome, ordered, Path(save_bertopic))
    return replace(ordered, traits=topic_traits(prepared, fit)) if keep else ordered


_Outcome = tuple[Prepared, Modelled, TopicFit, list[list[Keyword]]]


def _save_bertopic(outcome: _Outcome, ordered: TopicFit, folder: Path) -> None:
    """Save BERTopic's own object in the numbers of the fit."""
    prepared, modelled, fit, keywords = outcome
    renumber(modelled.model, ordered.labels, topic_traits(prepared, fit), keywords)
    save(modelled.model, folder)


def _explained(shared: Preparation, outcome: _Outcome, clock: StageClock | None) -> Diagnostics:
    """Collect what explains a fit, with trials of other parameters if there is a clock to report them to."""
    prepared, modelled, *_ = outcome
    diagnostics = diagnosis.diagnose(*outcome)
    if clock is not None:
        diagnostics = replace(diagnostics, trials=try_levers(shared, prepared, modelled, clock))
    return diagnosis.in_order_of(shared.order, diagnostics)


def _fit(
    shared: Preparation,
    params: TopicParams,
    encoder: KeywordEncoder,
    clock: StageClock,
    earlier: EarlierTopics | None,
) -> _Outcome | NoTopics:
    n = len(shared.order)
    adapted = adapt(params, n)
    if n < 2:
        return no_clusters(adapted.min_cluster_size, n, largest=n)
    clock.enter(Stage.NEIGHBOURS)
    prepared = shared.for_fit(params, adapted, encoder)
    if earlier is not None:
        prepared = replace(prepared, earlier=replace(earlier, labels=earlier.labels[shared.order]))
    clock.note(documents=n, **prepared.details())
    if not len(prepared.vocabulary.terms):
        return NoTopics.NO_KEYWORDS
    modelled = model_topics(prepared, clock)
    if isinstance(modelled, NoTopics):
        return modelled
    clock.enter(Stage.EVALUATE)
    fit, keywords = assemble(prepared, modelled, clock)
    fit = carry_over(prepared, modelled, fit)
    numbers = range(len(fit.topics)) if fit.continuity is None else fit.continuity.numbers
    found = overrepresentation.excesses(fit.labels, prepared.wording, len(fit.topics))
    if doubted := overrepresentation.logged(found, numbers):
        clock.note(doubtful_topics=doubted)
    fit = replace(fit, excesses=found)
    return prepared, modelled, fit, keywords


def warm_up(encoder: KeywordEncoder, device: str) -> None:
    """Run a small made-up batch, so that no job waits for a compiler or a first kernel."""
    rng = np.random.default_rng(0)
    centers = np.repeat(rng.normal(size=(3, WARM_UP_DIMENSIONS)), 20, axis=0)
    embeddings = unit(centers + 0.3 * rng.normal(size=centers.shape))
    themes, words = ("clear", "fair", "late"), ("voice", "jokes", "zoom", "grade")
    texts = [f"{themes[i // 20]} {words[i % 4]}" for i in range(60)]
    fit_topics(texts, embeddings, TopicParams(), encoder=encoder, device=device, on_stage=lambda _: None)

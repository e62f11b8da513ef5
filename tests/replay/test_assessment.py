"""Which topics are doubted, why, and what is proposed; the values behind the report."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources

import numpy as np
import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.conftest import SHARED
from tests.replay.sessions import session_of
from worker.replay.report.advice import Advice, advice
from worker.replay.report.assessment import Assessment, Doubt, assess
from worker.replay.report.coloring import colors_of, topic_palette
from worker.replay.report.page import render
from worker.replay.report.parameter_advice import Change, ParameterAdvice
from worker.replay.report.parameters import parameters_in_force
from worker.replay.report.targets import targets
from worker.replay.report.view import make_view, merge_trees
from worker.replay.session import Session
from worker.replay.stability import stability_lines
from worker.replay.sweep import make_variants, results_of, show_sweep, variants_to_fit
from worker.replay.terminal import Terminal
from worker.topics.diagnostics import Diagnostics, Merge, Stability
from worker.topics.engine import Engine, fit_batch
from worker.topics.evaluation.islands import pack_islands
from worker.topics.fit import Topic, TopicFit
from worker.topics.pipeline import fit_topics
from worker.topics.task import FitBatch
from worker.topics.words.encoders import CorpusEncoder


@pytest.fixture(scope="module")
def session() -> Session:
    """Four clean themes of twelve comments."""
    return session_of(themed_envelope(12, 4))


def diagnostics_of(session: Session) -> Diagnostics:
    """The diagnostics, which are there."""
    assert session.fit.diagnostics is not None
    return session.fit.diagnostics


def looked_at(session: Session, fit: TopicFit | None = None, **changed: object) -> list[Assessment]:
    """Assess a fit whose diagnostics are bent one way."""
    n_items = len(session.batch.submission_ids)
    return assess(fit or session.fit, replace(diagnostics_of(session), **changed), n_items)  # type: ignore[arg-type]


def test_clean_topics_are_good(session: Session) -> None:
    """Against themes that are far apart nothing speaks, and nothing is to be changed."""
    topics = assess(session.fit, diagnostics_of(session), len(session.batch.submission_ids))
    assert [topic.is_good for topic in topics] == [True] * 4
    assert advice(topics) == []
    assert all(topic.agreement > 0.99 and topic.stray == 0 and not topic.shared_keywords for topic in topics)


def test_a_blurred_topic_is_doubted(session: Session) -> None:
    """If most comments are nearer to another topic, the doubt says so; a splinter is to be let go."""
    labels = session.fit.labels
    topics = looked_at(session, silhouettes=np.where(labels == 2, -0.1, 0.3).astype(np.float32))
    assert [topic.is_good for topic in topics] == [True, True, False, True]
    (doubt,) = topics[2].doubts
    assert doubt.what == "blurred: 100% of its comments are nearer to another topic than to this one"
    (one,) = advice(topics)
    assert (one.param, one.way, one.topics) == ("min_topic_size", "raise", (2,))
    assert one.flag == f"--set min_topic_size={round(one.now * 1.5)}"


def test_opposite_wishes_are_one_row(session: Session) -> None:
    """A broad topic wants smaller ones, a splinter larger: both are told, and the sweep that tries them."""
    topics = assess(session.fit, diagnostics_of(session), len(session.batch.submission_ids))
    lower = Change("min_topic_size", "lower", 15, 10)
    higher = Change("min_topic_size", "raise", 15, 22)
    bent = [
        replace(topic, doubts=(Doubt("whatever", change),) if change else ())
        for topic, change in zip(topics, (lower, higher, None, higher), strict=True)
    ]
    assert advice(bent) == [
        Advice(
            "min_topic_size",
            "topics need opposite changes: lower for 0; raise for 1, 3",
            15,
            "--sweep min_topic_size=10,15,22",
            (0, 1, 3),
        )
    ]


def test_so_many_topics_that_no_merge_is_forced(session: Session) -> None:
    """Each forced merge is a topic that there was no room for."""
    diagnostics = diagnostics_of(session)
    bent = looked_at(
        session,
        merges=(Merge(0, 4, 0.1), Merge(0, 5, 0.2), Merge(0, 6, 0.7)),
        cluster_topics=np.append(diagnostics.cluster_topics, [2, 2, 2]),
    )
    (one,) = advice(bent)
    assert (one.flag, one.topics) == (f"--set nr_topics={len(bent) + 2}", (2,))


def test_a_thin_core_is_doubted(session: Session) -> None:
    """If half of a topic came in as outliers, HDBSCAN is to take more in itself."""
    core = np.where(session.fit.labels == 1, -1, session.fit.labels)
    topics = looked_at(session, core=core)
    assert topics[1].doubts[0].what == "thin core: 100% of its comments were outliers and joined afterwards"
    assert topics[1].doubts[0].change is not None
    assert topics[1].doubts[0].change.param == "hdbscan_min_samples"


def test_a_topic_that_falls_apart_is_doubted(session: Session) -> None:
    """Without other 2 % of the comments it is another one; a topic that keeps more than half is good."""
    fit = replace(session.fit, stability=Stability(n_reruns=5, left_out=1, overall=0.8, topics=(1.0, 0.5, 0.51, 1.0)))
    topics = looked_at(session, fit)
    assert [topic.is_good for topic in topics] == [True, False, True, True]
    assert [topic.stability for topic in topics] == [1.0, 0.5, 0.51, 1.0]
    (doubt,) = topics[1].doubts
    assert doubt.what.startswith("falls apart: without other 1 of the comments the most similar topic shares only 50%")
    (line,) = stability_lines(fit)
    assert line.endswith("adjusted Rand index of 0.80; topics that fall apart (0.50 or less): 1")
    assert topics[1].stability is not None
    assert "falls apart" in render(make_view(replace(session, fit=fit)))


def test_stability_in_a_sweep() -> None:
    """The table has a column for it, and none if it was not measured."""
    document = themed_envelope(6, 2, min_topic_size=3)
    variants = make_variants(document, {}, "nr_topics", [2, 20])
    batch, params = variants_to_fit(variants)
    assert batch is not None
    task = FitBatch(batch.texts, batch.embeddings, tuple(params), stability=2)
    engine = Engine(fit_topics, CorpusEncoder(), "cpu", "")
    results = results_of(variants, fit_batch(task, engine, lambda _: None), [], datetime.now(UTC))
    stream = io.StringIO()
    show_sweep(Terminal(stream), "nr_topics", results)
    assert re.search(r"coherence +stability", stream.getvalue())
    assert len(re.findall(r"1\.0000 *$", stream.getvalue(), re.MULTILINE)) == 2


def test_a_thin_core_with_the_lowest_min_samples(session: Session) -> None:
    """If hdbscan_min_samples is 1 already, the advice is to switch placing off."""
    fit = replace(session.fit, parameters={**session.fit.parameters, "hdbscan_min_samples": 1})
    proposed = ParameterAdvice(fit, diagnostics_of(session), 0).denser()
    assert proposed == Change("reduce_outliers", "switch off", now=True, to=False)


def test_an_entangled_topic_is_doubted(session: Session) -> None:
    """If the neighbors of its comments are in another topic, the doubt says so and names the most similar one."""
    labels, neighbors = session.fit.labels, diagnostics_of(session).neighbors.copy()
    neighbors[labels == 1] = np.flatnonzero(labels == 2)[0]
    topics = looked_at(session, neighbors=neighbors)
    assert [topic.is_good for topic in topics] == [True, False, True, True]
    (doubt,) = topics[1].doubts
    nearest = topics[1].nearest
    assert doubt.what == (
        f"entangled: only 0% of the neighbors of its comments are in it; the most similar topic is {nearest}"
    )
    assert doubt.change is not None
    assert (doubt.change.param, doubt.change.way) == ("min_topic_size", "raise")


def test_outliers_are_counted_by_reason() -> None:
    """Four reasons why a comment is an outlier: each is counted, and each example has its note."""
    envelope = themed_envelope(12, 3)
    envelope["items"][-1]["embedding"] = [0] * 768
    session = session_of(envelope)
    labels, diagnostics = session.fit.labels, diagnostics_of(session)
    alone, agreed, between = 0, 1, 2
    diagnostics.core[:3] = labels[:3] = -1
    members = [np.flatnonzero(labels == topic) for topic in range(3)]
    diagnostics.neighbors[alone] = agreed
    diagnostics.neighbors[agreed] = members[0][0]
    diagnostics.neighbors[between] = [members[rank % 3][0] for rank in range(diagnostics.neighbors.shape[1])]
    outliers = make_view(session).outliers
    assert outliers.count == 4
    assert dict(outliers.reasons) == {
        "no neighbor is in a topic: the comment is unlike all topics": 1,
        "placing was switched off (reduce_outliers)": 1,
        "the neighbors disagree: the comment is between topics": 1,
        "its embedding is the zero vector": 1,
    }
    notes = [example.note.split(":")[0].split(",")[0] for example in outliers.examples]
    assert notes == [
        "none of its 20 nearest neighbors is in a topic",
        "100% of its clustered neighbors are in topic 0",
        "its clustered neighbors disagree",
    ]


def test_bad_names_doubles_and_forced_merges_are_doubted(session: Session) -> None:
    """Keywords that cover little, that two topics share, and clusters joined by force are each named."""
    diagnostics = diagnostics_of(session)
    topics = list(session.fit.topics)
    topics[3] = Topic(topics[0].keywords, topics[3].size)
    topics[2] = Topic(topics[2].keywords, 2 * topics[2].size)
    fit = replace(session.fit, topics=tuple(topics))
    bent = looked_at(
        session,
        fit,
        coverage=np.array([1, 0.1, 1, 1], dtype=np.float32),
        npmi=np.array([0, -0.5, -0.5, 0], dtype=np.float32),
        merges=(Merge(0, 4, 0.1),),
        cluster_topics=np.append(diagnostics.cluster_topics, 2),
    )
    assert [doubt.what.split(":")[0] for doubt in bent[1].doubts] == ["badly named"]
    assert [doubt.what.split(":")[0] for doubt in bent[2].doubts] == [
        "very broad",
        "keywords that hardly ever occur together (NPMI -0.50)",
        "joined by force",
    ]
    assert "a similarity of only 0.10" in bent[2].doubts[2].what
    assert {doubt.change.param for doubt in bent[2].doubts if doubt.change} == {"nr_topics"}
    assert all(bent[topic].doubts[-1].what.startswith("nearly a double") for topic in (0, 3))


def test_a_giant_is_doubted_by_its_share_alone() -> None:
    """Metrics that all look fine do not hide a topic that swallows the batch."""
    metrics = {
        "outlier_ratio": 0.0,
        "npmi_coherence": 0.3,
        "topic_diversity": 1.0,
        "silhouette_score": 0.4,
        "embedding_coherence": 0.7,
    }
    met = {target.name: target.met for target in targets(metrics, 0.9, "corpus")}
    assert met.pop("largest topic") is False
    assert met.pop("silhouette_score") is None
    assert all(met.values())


def test_where_parameters_came_from() -> None:
    """Sent, adapted and clamped parameters are told apart."""
    session = session_of(themed_envelope(12, 3, nr_topics=5, umap_n_neighbors=150))
    origins = {parameter.name: (parameter.value, parameter.origin) for parameter in parameters_in_force(session)}
    assert origins["nr_topics"] == ("5", "sent with the job")
    assert origins["umap_n_neighbors"] == ("35", "sent with the job as 150, clamped: 36 documents allow no more")
    assert origins["min_topic_size"] == ("4", "default 15, adapted to 36 documents")


def test_a_topic_that_was_merged_has_its_tree() -> None:
    """Four themes joined to two topics give trees whose leaves are all clusters, sizes added up."""
    session = session_of(themed_envelope(12, 4, nr_topics=2))
    diagnostics = diagnostics_of(session)
    trees = merge_trees(session.fit, diagnostics)
    assert len(diagnostics.merges) == len(diagnostics.cluster_topics) - 2
    for tree in trees:
        assert tree.root.size == sum(child.size for child in tree.root.children)
        assert tree.root.size == int(np.sum(diagnostics.core == tree.topic))
        parts = [part for part in diagnostics.parts if part.topic == tree.topic]
        first = [part for part in parts if part.parent < 0]
        assert sum(len(part.rows) for part in first) == tree.root.size
        assert all(part.keywords and part.typical in part.rows for part in first)
        assert all(set(part.rows) <= set(diagnostics.parts[part.parent].rows) for part in parts if part.parent >= 0)


def test_diagnostics_are_in_the_order_of_the_batch() -> None:
    """Each neighbor list, coordinate and label belongs to the comment at its place, however items come."""
    envelope = themed_envelope(12, 3)
    session = session_of(envelope)
    diagnostics, embeddings = diagnostics_of(session), session.batch.embeddings
    for row in (0, 7, 35):
        near = diagnostics.neighbors[row]
        cosines = embeddings[near] @ embeddings[row]
        assert row not in near
        np.testing.assert_allclose(1 - cosines, diagnostics.distances[row], atol=1e-5)
    inside = diagnostics.core >= 0
    assert np.array_equal(diagnostics.core[inside], session.fit.labels[inside])
    clustered = diagnostics.clusters >= 0
    assert np.array_equal(diagnostics.cluster_topics[diagnostics.clusters[clustered]], diagnostics.core[clustered])
    assert diagnostics.coordinates.shape == (36, 2)
    assert np.all(diagnostics.strengths[clustered] >= 0)
    assert np.all(diagnostics.strengths[~clustered] == 0)


def test_copies_have_a_report_too() -> None:
    """Twelve documents of two vectors, in which UMAP sees no shape, still make a map and a view."""
    envelope = themed_envelope(1, 2, min_topic_size=2)
    originals = envelope["items"]
    envelope["items"] = [
        item | {"submissionId": f"{i}-{copy}"} for i, item in enumerate(originals) for copy in range(6)
    ]
    session = session_of(envelope)
    view = make_view(session)
    assert [topic.assessment.size for topic in view.topics] == [6, 6]
    assert len(np.unique(diagnostics_of(session).coordinates.round(3), axis=0)) == 2


@pytest.mark.shared
def test_a_stranger_is_told_apart_good_and_doubtful_topics() -> None:
    """On real reviews some topics are good, some doubtful, and each doubt of a large one names a parameter."""
    from tests.benchmarks.corpora import load_corpus

    corpus = load_corpus(SHARED / "data", "course_reviews")
    items = [
        {"submissionId": str(i), "text": text, "embedding": vector.tolist()}
        for i, (text, vector) in enumerate(zip(corpus.texts, corpus.embeddings, strict=True))
    ]
    view = make_view(session_of({"items": items}))
    assert view.good
    assert view.doubtful
    assert view.advice
    assert all(len(topic.typical) == 3 and len(topic.borderline) == 3 for topic in view.topics)


def test_each_screen_has_every_topic_color(session: Session) -> None:
    """A light screen, a dark one and paper have the same colors, numbered without a gap; the page counts them."""
    style = (resources.files("worker.replay.report") / "templates" / "colors.css").read_text(encoding="utf-8")
    lists = [re.findall(r"--c(\d+):", block) for block in re.findall(r"\{([^{}]*--c0:[^{}]*)\}", style)]
    assert len(lists) == 4
    (numbers,) = set(map(tuple, lists))
    assert list(map(int, numbers)) == list(range(len(numbers)))
    assert len(topic_palette()) == len(numbers)


def test_topics_that_touch_have_colors_that_differ() -> None:
    """Of more topics than colors, none looks like one beside it: sixteen squares of a board, ten colors."""
    grid = np.array([(x, y) for x in range(40) for y in range(40)], dtype=np.float32)
    labels = (grid[:, 0] // 10 * 4 + grid[:, 1] // 10).astype(np.int64)
    colors = colors_of(topic_palette(), grid, labels, 16)
    for topic in range(16):
        beside = [topic + 4] * (topic < 12) + [topic + 1] * (topic % 4 < 3)
        assert colors[topic] not in [colors[other] for other in beside]


def test_islands_are_moved_together_and_stay_as_they_are() -> None:
    """Three groups far apart come near each other, none over another; within a group nothing changes but the turn."""
    draws = np.random.default_rng(0)
    groups = [draws.normal(size=(60, 2)) + place for place in ((0, 0), (90, 10), (-40, 70))]
    places = np.concatenate(groups).astype(np.float32)
    packed = pack_islands(places)
    assert np.ptp(packed, axis=0).max() < 0.4 * np.ptp(places, axis=0).max()
    own = np.repeat(np.arange(3), 60)
    before, after = (np.linalg.norm(of[:, None] - of[None], axis=2) for of in (places, packed))
    within = own[:, None] == own[None]
    np.testing.assert_allclose(after[within], before[within], atol=1e-3)
    assert after[~within].min() > 0.5

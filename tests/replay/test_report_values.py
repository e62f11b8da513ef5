"""What the report shows beside doubts: parts, outliers, reruns of a sweep, the order of the batch."""

import io
import re
from datetime import UTC, datetime

import numpy as np
import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.replay.assessing import diagnostics_of
from tests.replay.sessions import session_of
from worker.replay.report.view import make_view
from worker.replay.sweep import make_variants, results_of, show_sweep, variants_to_fit
from worker.replay.terminal import Terminal
from worker.topics.engine import Engine, fit_batch
from worker.topics.evaluation.part_finder import PartFinder
from worker.topics.pipeline import fit_topics
from worker.topics.task import FitBatch
from worker.topics.words.encoders import CorpusEncoder, unit
from worker.topics.words.vocabulary import build_vocabulary


@pytest.mark.slow
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
    # In turn, so that no topic has all near ones: 27 %, 37 % and 36 % of what the votes weigh.
    turns = [0, 1, 2, 2, 1]
    diagnostics.neighbors[between] = [members[turns[rank % 5]][0] for rank in range(diagnostics.neighbors.shape[1])]
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
        "its clustered neighbors agree on topic 0 by 100%",
        "its clustered neighbors disagree",
    ]


def test_a_topic_that_was_merged_has_its_parts() -> None:
    """Four themes joined to two topics: each topic falls into its two clusters, with names, sizes added up."""
    session = session_of(themed_envelope(12, 4, nr_topics=2))
    diagnostics = diagnostics_of(session)
    assert len(diagnostics.merges) == len(diagnostics.cluster_topics) - 2
    for topic in make_view(session).topics:
        n_core = int(np.sum(diagnostics.core == topic.assessment.index))
        assert len(topic.parts) == 2
        assert sum(part.size for part in topic.parts) == n_core
        assert all(part.keywords and part.similarity is not None and part.typical.text for part in topic.parts)
        assert not set(topic.parts[0].keywords) & set(topic.parts[1].keywords)
    for part in diagnostics.parts:
        assert part.typical in part.rows
        assert len(set(session.fit.labels[part.rows])) == 1


def test_a_large_cluster_falls_into_areas_of_the_map() -> None:
    """A topic that nothing was joined to has parts too, whose places do not mix; the areas hold all of it."""
    draws = np.random.default_rng(3)
    places = (draws.normal(size=(90, 2)) + np.repeat([[0, 0], [30, 0], [0, 30]], 30, axis=0)).astype(np.float32)
    # A document far out is no part of its own.
    places[0] = (-9, -9)
    texts = [f"{('slides', 'exams', 'campus')[row // 30]} thing" for row in range(90)]
    finder = PartFinder(places, unit(draws.normal(size=(90, 8))), build_vocabulary(texts))
    parts = finder.parts(np.zeros(90, dtype=np.int64), np.zeros(1, dtype=np.int64), ())
    assert sorted((part.rows // 30).tolist() for part in parts) == [[0] * 30, [1] * 30, [2] * 30]
    assert sorted(part.keywords[0] for part in parts) == ["campus", "exams", "slides"]
    assert {(part.parent, part.similarity) for part in parts} == {(-1, None)}


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

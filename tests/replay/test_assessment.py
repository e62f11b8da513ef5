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
from worker.replay.report.advice import advice
from worker.replay.report.assessment import Assessment, assess
from worker.replay.report.color_order import colors_of, topic_palette
from worker.replay.report.doubts import Doubt
from worker.replay.report.measures import no_answer_share
from worker.replay.report.page import render
from worker.replay.report.parameters import parameters_in_force
from worker.replay.report.targets import targets
from worker.replay.report.view import make_view
from worker.replay.session import Session
from worker.replay.stability import stability_lines
from worker.replay.sweep import make_variants, results_of, show_sweep, variants_to_fit
from worker.replay.terminal import Terminal
from worker.topics.clusters.hierarchy import Hierarchy
from worker.topics.diagnostics import Diagnostics, Part, Stability, Trial
from worker.topics.engine import Engine, fit_batch
from worker.topics.evaluation.coverage import coverage as coverage_of
from worker.topics.evaluation.islands import pack_islands
from worker.topics.evaluation.part_finder import PartFinder
from worker.topics.evaluation.trust import cohesion as cohesion_of
from worker.topics.evaluation.trust import denied_shares
from worker.topics.fit import FloatArray, TopicFit
from worker.topics.graph.reduction import Reduction
from worker.topics.nuisance import Excess, Mark, Nuisance
from worker.topics.pipeline import fit_topics
from worker.topics.task import FitBatch
from worker.topics.words.encoders import CorpusEncoder, unit
from worker.topics.words.vocabulary import build_vocabulary


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
    batch = session.batch
    bent = replace(diagnostics_of(session), **changed)  # type: ignore[arg-type]
    return assess(fit or session.fit, bent, batch.texts, len(batch.submission_ids))


def doubts(topic: Assessment) -> list[str]:
    """Name the reasons to doubt a topic, without figures; each has its meaning in plain words too."""
    assert all(doubt.plain for doubt in topic.doubts)
    return [doubt.what.split(":")[0] for doubt in topic.doubts]


def test_clean_topics_are_good(session: Session) -> None:
    """Nothing speaks against themes that are far apart."""
    topics = looked_at(session)
    assert [topic.is_good for topic in topics] == [True] * 4
    measured = [topic.measures for topic in topics]
    assert all(m.agreement > 0.99 and m.rivalry < 0.1 and not m.shared_keywords and not m.no_answer for m in measured)


def test_a_topic_that_is_hardly_apart_is_doubted(session: Session) -> None:
    """If a larger topic's comments are nearly as similar and hold its keywords, the doubt names that topic."""
    cohesion, rivals = diagnostics_of(session).cohesion.copy(), diagnostics_of(session).rivals.copy()
    cohesion[1], cohesion[2], rivals[1], rivals[2] = (0.3, 0.2), (0.3, 0.2), 2, 1
    shared = np.array([0.0, 0.7, 0.7, 0.0])
    topics = looked_at(session, cohesion=cohesion, rivals=rivals, at_rival=shared)
    assert [topic.is_good for topic in topics] == [True, True, False, True]
    (doubt,) = topics[2].doubts
    assert doubt.what == (
        "hardly apart: the comments of topic 1 are 67% as similar to its comments as these are to each other, and they "
        "hold its keywords nearly as often"
    )
    told_apart = looked_at(session, cohesion=cohesion, rivals=rivals, at_rival=0.9 * shared)
    assert all(topic.is_good for topic in told_apart)


def test_a_wording_is_a_doubt_only_if_the_keywords_do_not_tell_the_comments(session: Session) -> None:
    """Comments of one pronoun are a topic if keywords mark half of them, beyond what they mark of all others."""
    she = Excess(Mark(Nuisance.PRONOUN, "she"), 0.9, 0.2, is_doubt=True)
    fit = replace(session.fit, excesses=((she,), (), (), ()))
    marked = looked_at(session, fit, coverage=np.array([0.61, 1, 1, 1]), elsewhere=np.array([0.2, 0, 0, 0]))[0]
    assert marked.is_good
    assert marked.measures.named == pytest.approx(0.5125)
    assert marked.remarks == ('90% of its comments say "she", 20% of all comments do',)
    unmarked = looked_at(session, fit, coverage=np.array([0.6, 1, 1, 1]), elsewhere=np.array([0.3, 0, 0, 0]))[0]
    assert doubts(unmarked) == ["sorted by wording", "weakly named"]
    assert unmarked.doubts[0].plain == (
        'The comments are alike in how they are written, not in what they are about: most say "she".'
    )
    for mark, share, plain in (
        (Mark(Nuisance.LANGUAGE, "English"), 0.5, "many are in English"),
        (Mark(Nuisance.LENGTH, "short", 4), 0.9, "most are short"),
    ):
        other = replace(fit, excesses=((Excess(mark, share, 0.1, is_doubt=True),), (), (), ()))
        topic = looked_at(session, other, coverage=np.array([0.6, 1, 1, 1]), elsewhere=np.array([0.3, 0, 0, 0]))[0]
        assert plain in topic.doubts[0].plain
    alone = looked_at(session, coverage=np.array([0.6, 1, 1, 1]), elsewhere=np.array([0.3, 0, 0, 0]))[0]
    assert alone.is_good
    assert [remark.split(":")[0] for remark in alone.remarks] == ["weakly named"]


def test_a_name_that_tells_a_part_only_is_doubted(session: Session) -> None:
    """If more than a third of the comments neither hold a keyword nor are like those that do."""
    topics = looked_at(session, told=np.array([1.0, 0.66, 0.67, 1.0]))
    assert [doubts(topic) for topic in topics] == [[], ["told in part"], [], []]
    assert "only 66% of its comments" in topics[1].doubts[0].what


def test_what_keywords_tell() -> None:
    """Comments with a keyword, comments like those, and others; in the topic, the next one and all others."""
    exams, campus, others = ["exam paper", "exam room", "exam date", "quiz"], ["campus"], ["exam", "rain"]
    directions = [[1, 0.1, 0, 0], [1, 0, 0.1, 0], [1, 0.1, 0, 0], [1, 0.05, 0.05, 0], [0, 0, 1, 0], *2 * [[0, 0, 0, 1]]]
    vocabulary = build_vocabulary([*exams, *campus, *others])
    labels, rivals = np.array([0, 0, 0, 0, 1, 2, 2]), np.array([2, 0, -1])
    keywords = [["exam"], ["campus"], ["rain"]]
    found = coverage_of(unit(np.array(directions, dtype=np.float32)), labels, rivals, keywords, vocabulary)
    assert found.own.tolist() == [0.75, 1.0, 0.5]
    assert found.elsewhere.tolist() == pytest.approx([1 / 3, 0, 0])
    assert found.at_rival.tolist() == [0.5, 0.0, 0.0]
    assert found.told.tolist() == [1.0, 1.0, 0.5]
    directions[3] = [0, 1, 0, 0]
    found = coverage_of(unit(np.array(directions, dtype=np.float32)), labels, rivals, keywords, vocabulary)
    assert found.told[0] == 0.75


def test_similarity_within_and_beside_is_that_of_pairs() -> None:
    """The means over all pairs of documents, one by one, and the topic that comes nearest."""
    draws = np.random.default_rng(1)
    embeddings = unit(draws.normal(size=(30, 8)) + np.repeat(draws.normal(size=(3, 8)), 10, axis=0))
    labels = np.repeat(np.arange(3), 10)
    found, rivals = cohesion_of(embeddings, labels, 3)
    centred = unit(embeddings - embeddings.mean(axis=0))
    cosines = centred @ centred.T
    for topic in range(3):
        own = labels == topic
        within = cosines[np.ix_(own, own)][~np.eye(10, dtype=bool)].mean()
        beside = [cosines[np.ix_(own, labels == other)].mean() if other != topic else -2.0 for other in range(3)]
        assert found[topic, 0] == pytest.approx(within, abs=1e-5)
        assert found[topic, 1] == pytest.approx(max(beside), abs=1e-5)
        assert rivals[topic] == int(np.argmax(beside))


def test_one_weak_suspicion_is_a_remark_two_are_a_doubt(session: Session) -> None:
    """Good topics have a thin core too; one that also has no border is doubted. Two signs of one thing count once."""
    core = np.where(session.fit.labels == 1, -1, session.fit.labels)
    topics = looked_at(session, core=core)
    assert topics[1].is_good
    assert topics[1].remarks == ("thin core: 100% of its comments were outliers and joined afterwards",)
    fit = replace(session.fit, stability=Stability(n_reruns=5, left_out=1, overall=0.8, topics=(1.0, 0.5, 0.5, 1.0)))
    topics = looked_at(session, fit, core=core)
    assert [topic.is_good for topic in topics] == [True, False, True, True]
    assert doubts(topics[1]) == ["falls apart", "thin core"]
    neighbors, labels = diagnostics_of(session).neighbors.copy(), session.fit.labels
    neighbors[labels == 2] = np.flatnonzero(labels == 1)[0]
    topics = looked_at(session, fit, neighbors=neighbors)
    assert topics[2].is_good
    assert [remark.split(":")[0] for remark in topics[2].remarks] == ["falls apart", "entangled"]


def test_no_answers_and_denied_names_are_doubted(session: Session) -> None:
    """A topic of "N/A" is none; nor is "not clear" named well by "clear"."""
    texts = list(session.batch.texts)
    for row in np.flatnonzero(session.fit.labels == 0).tolist()[:4]:
        texts[row] = "N/A"
    changed = replace(session, batch=replace(session.batch, texts=tuple(texts)))
    assert doubts(looked_at(changed)[0]) == ["no answers"]
    topics = looked_at(session, denied=np.array([0.0, 0.4, 0.39, 0.0]))
    assert [doubts(topic) for topic in topics] == [[], ["its name is denied"], [], []]


@pytest.mark.parametrize(
    "text", ["N/A", "n.a.", " none ", "None!!", "No comment.", "wala po", "I don't know", "nothing"]
)
def test_what_is_no_answer(text: str) -> None:
    """Ways to say nothing."""
    assert no_answer_share([text]) == 1.0


@pytest.mark.parametrize("text", ["No feedback on essays", "none of the lectures began on time", "nothing new", "good"])
def test_what_is_an_answer(text: str) -> None:
    """Comments that begin as one that says nothing."""
    assert no_answer_share([text]) == 0.0


def test_how_often_a_keyword_is_denied() -> None:
    """Of four comments with the word three deny it; a keyword that is itself denied counts the other way."""
    texts = ["not clear", "never clear", "it is not clear", "clear", "slides", "slides"]
    labels = np.array([0, 0, 0, 0, 1, 1])
    vocabulary = build_vocabulary(texts)
    (denied,) = [str(term) for term in vocabulary.terms[vocabulary.denied]]
    shares = denied_shares(labels, [["clear"], ["slides"]], vocabulary)
    assert shares.tolist() == [0.75, 0.0]
    assert denied_shares(labels, [[denied], ["slides"]], vocabulary).tolist() == [0.25, 0.0]


def test_each_lever_is_tried_and_only_an_effect_is_advice() -> None:
    """What a trial says is what a run with that value gives; if no doubtful topic changes, nothing is advised."""
    envelope = themed_envelope(12, 4, nr_topics=2)
    session = session_of(envelope, levers=True)
    fit, diagnostics = session.fit, diagnostics_of(session)
    trials = {trial.param: trial for trial in diagnostics.trials}
    assert set(trials) >= {"nr_topics", "min_topic_size", "umap_n_neighbors", "neutralize"}
    more = trials["nr_topics"]
    rerun = session_of(themed_envelope(12, 4, nr_topics=more.value)).fit
    assert np.array_equal(rerun.labels, more.labels)
    doubted = [replace(topic, doubts=(Doubt("whatever"),)) for topic in looked_at(session)]
    first = advice(fit, diagnostics, doubted)[0]
    assert first.flag == f"--set nr_topics={more.value}"
    assert (first.before.n_topics, first.after.n_topics) == (2, more.value)
    assert first.has_effect
    assert "is divided: of its 24 comments 12 and 12 go to 2 topics" in {fate.what for fate in first.fates}
    idle = [one for one in advice(fit, diagnostics, doubted) if one.param == "neutralize"]
    assert [one.has_effect for one in idle] == [False]
    assert not any(one.has_effect for one in advice(fit, diagnostics, looked_at(session)) if one.fates == ())
    page = render(make_view(session))
    assert "now false" not in page


def test_trials_cut_the_fits_own_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    """The space of the fit is laid out once, and trials share its hierarchies."""
    laid_out: list[tuple[int, int]] = []
    built: list[int] = []
    lay_out, build = Reduction._laid_out, Hierarchy.__init__

    def laid(self: Reduction, embeddings: FloatArray) -> FloatArray:
        laid_out.append((self.n_neighbors, self.n_components))
        return lay_out(self, embeddings)

    def made(self: Hierarchy, coordinates: FloatArray, min_samples: int) -> None:
        built.append(min_samples)
        build(self, coordinates, min_samples)

    monkeypatch.setattr(Reduction, "_laid_out", laid)
    monkeypatch.setattr(Hierarchy, "__init__", made)
    session = session_of(themed_envelope(12, 4, nr_topics=2), levers=True)
    trials = diagnostics_of(session).trials
    # Nothing can be neutralized in these comments, so that the last trial has the same space.
    assert laid_out.count(laid_out[0]) == 1
    # In the space of the fit, trials that ask for the same density share a hierarchy.
    assert len(built) < 1 + len(trials)


def test_what_becomes_of_a_topic(session: Session) -> None:
    """It stays, is divided, joins others, dissolves, or changes; and it may no longer be sorted by wording."""
    labels = session.fit.labels
    gone, joined = np.where(labels == 0, -1, labels), np.where(labels == 0, 1, labels)
    doubted = [replace(topic, doubts=(Doubt("whatever"),)) for topic in looked_at(session)[:1]]
    for there, what, changes in (
        (labels, "stays", False),
        (gone, "dissolves: 12 of its 12 comments are in no topic", True),
        (joined, "joins others: 12 of its 12 comments are in a topic of 24", True),
    ):
        trial = Trial("min_topic_size", 3, there, (False,) * 4)
        (one,) = advice(session.fit, replace(diagnostics_of(session), trials=(trial,)), doubted)
        assert [(fate.what, fate.changes) for fate in one.fates] == [(what, changes)]
        assert one.concerned == (12 if changes else 0)
    worded = replace(
        session.fit, excesses=((Excess(Mark(Nuisance.PRONOUN, "she"), 0.9, 0.2, is_doubt=True),), (), (), ())
    )
    trial = Trial("neutralize", True, labels, (False,) * 4)
    (one,) = advice(worded, replace(diagnostics_of(session), trials=(trial,)), doubted)
    assert one.fates[0].what == "stays, no longer sorted by wording"
    assert (one.before.n_worded, one.after.n_worded, one.now) == (1, 0, "off")


def test_a_topic_that_is_not_found_again_is_doubted(session: Session) -> None:
    """Without other 2 % of the comments it is another one, and its keywords do not mark it; else it is a remark."""
    fit = replace(session.fit, stability=Stability(n_reruns=5, left_out=1, overall=0.8, topics=(1.0, 0.25, 0.5, 0.51)))
    named = looked_at(session, fit)[1]
    assert named.is_good
    assert [remark.split(":")[0] for remark in named.remarks] == ["not found again"]
    coverage = np.array([1.0, 0.4, 1.0, 1.0])
    topics = looked_at(session, fit, coverage=coverage)
    assert [topic.is_good for topic in topics] == [True, False, True, True]
    assert [topic.measures.stability for topic in topics] == [1.0, 0.25, 0.5, 0.51]
    assert [len(topic.remarks) for topic in topics] == [0, 0, 1, 0]
    assert (
        topics[1]
        .doubts[0]
        .what.startswith("not found again: without other 1 of the comments the most similar topic shares only 25%")
    )
    (line,) = stability_lines(fit)
    assert line.endswith("adjusted Rand index of 0.80; topics that fall apart (0.50 or less): 1, 2")
    assert "not found again" in render(make_view(replace(session, fit=fit)))


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


def test_bad_names_and_two_topics_in_one_are_doubted(session: Session) -> None:
    """Keywords that cover little, and a second topic that was joined by force; a crumb that was joined is nothing."""
    rows = np.flatnonzero(session.fit.labels == 2)
    halves = (Part(2, -1, rows[:7], (), int(rows[0]), 0.1), Part(2, -1, rows[7:], (), int(rows[7]), 0.1))
    coverage = np.array([1, 0.1, 1, 1])
    bent = looked_at(session, coverage=coverage, parts=halves)
    assert doubts(bent[1]) == ["badly named"]
    assert doubts(bent[2]) == ["two topics in one"]
    assert "42% of it were joined to the rest by force, at a similarity of only 0.10" in bent[2].doubts[0].what
    crumb = (replace(halves[0], rows=rows[:9]), replace(halves[1], rows=rows[9:]))
    assert looked_at(session, parts=crumb)[2].is_good
    alike = tuple(replace(half, similarity=0.4) for half in halves)
    assert looked_at(session, parts=alike)[2].is_good


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


@pytest.mark.corpora
@pytest.mark.soak
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

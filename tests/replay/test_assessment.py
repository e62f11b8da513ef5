"""What makes a topic doubtful, and what does not."""

from dataclasses import replace

import numpy as np
import pytest

from tests.conftest import SHARED
from tests.replay.assessing import diagnostics_of, doubts, looked_at
from tests.replay.sessions import session_of
from worker.replay.report.page import render
from worker.replay.report.targets import targets
from worker.replay.report.view import make_view
from worker.replay.session import Session
from worker.replay.stability import stability_lines
from worker.topics.diagnostics import Part, Stability
from worker.topics.nuisance import Excess, Mark, Nuisance


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

"""A kept model made of a fit."""

from dataclasses import replace

import numpy as np
import pytest

from tests.models.made_up import DAY_ONE, Comments, first_model, fit_of, numbered
from worker.models.building import build
from worker.models.model import Documents, KeptModel
from worker.models.model_file import to_files
from worker.topics.earlier import Continuity, RefitAdvice


@pytest.fixture(scope="module")
def comments() -> Comments:
    """Give 6 themes of 40 comments."""
    return Comments(40)


def test_sums_and_counts_are_those_of_the_documents(comments: Comments) -> None:
    """Each topic's parts add up to its documents, and the center is the mean of all."""
    rows = comments.rows(0, 1, 2)
    model = first_model(comments, rows)
    for topic in model.topics:
        own = comments.embeddings[comments.rows(topic.number)].astype(np.float64)
        np.testing.assert_allclose(topic.part_sums.sum(axis=0), own.sum(axis=0), atol=1e-9)
        assert topic.part_counts.sum() == topic.n == 40
    np.testing.assert_allclose(model.center, comments.embeddings[rows].mean(axis=0, dtype=np.float64), atol=1e-9)
    assert (model.seen, model.fitted, model.highest) == (120, 120, 2)
    assert sum(model.baseline.values()) + model.baseline_outliers == 120


def test_the_order_of_the_documents_does_not_matter() -> None:
    """Shuffled documents give the same bytes, though sums of numbers of such different sizes depend on the order."""
    comments, rng = Comments(40), np.random.default_rng(1)
    comments.embeddings[:, :50] = 0.1 * 10.0 ** -rng.uniform(0, 14, size=(240, 50))
    rows = comments.rows(0, 1, 2)
    shuffled = rng.permutation(rows)
    sums = [comments.embeddings[order].astype(np.float64).sum(axis=0) for order in (rows, shuffled)]
    assert (sums[0] != sums[1]).any()
    assert to_files(first_model(comments, rows)) == to_files(first_model(comments, shuffled))


def test_no_vector_and_no_term_gives_a_comment_away(comments: Comments) -> None:
    """No part of under 10 documents, no term of a single one; a topic of 9 comments is known by its name only."""
    rows = np.concatenate([comments.rows(0, 1), comments.rows(2, last=9), comments.rows(3, last=1)])
    themes = comments.themes[rows]
    model = first_model(comments, rows, numbered(np.where(themes == 3, -1, themes)))
    assert model.topic(2).n == 9
    assert not model.topic(2).can_be_assigned
    assert all((topic.part_counts >= 10).all() for topic in model.topics)
    held = {term for topic in model.topics for term in topic.terms}
    texts = [comments.texts[row] for row in rows]
    for term in held:
        assert sum(all(word in text.split() for word in term.split()) for text in texts) >= 2
    assert not any(term.startswith("number") for term in held)


def test_samples_are_the_ids_of_the_closest(comments: Comments) -> None:
    """Five of them at most, the closest first, none of another topic."""
    model = first_model(comments, comments.rows(0, 1))
    for topic in model.topics:
        assert len(topic.samples) == 5
        closeness = [sample.closeness for sample in topic.samples]
        assert closeness == sorted(closeness, reverse=True)
        assert all(comments.themes[int(sample.id[1:])] == topic.number for sample in topic.samples)


def test_numbers_of_an_earlier_fit_stay(comments: Comments) -> None:
    """A fit that continued another one gives the model its numbers, labels and the highest number ever used."""
    documents = comments.documents(comments.rows(0, 1))
    fit = fit_of(numbered(comments.themes[comments.rows(0, 1)]), documents.texts, documents.embeddings)
    continuity = Continuity((7, 3), ("7_old_name", None), (7,), (3,), (9,), 0, 0, RefitAdvice(advised=False))
    model = build(replace(fit, continuity=continuity), documents, DAY_ONE)
    assert [topic.number for topic in model.topics] == [3, 7]
    assert model.topic(7).raw_label == "7_old_name"
    assert model.topic(3).raw_label.startswith("3_")
    assert model.highest == 9


def test_a_fit_without_traits_is_a_mistake(comments: Comments) -> None:
    """The words of a model come from the fit."""
    documents = comments.documents(comments.rows(0, 1))
    fit = fit_of(numbered(comments.themes[comments.rows(0, 1)]), documents.texts, documents.embeddings)
    with pytest.raises(ValueError, match="keep=True"):
        build(replace(fit, traits=None), documents, DAY_ONE)


def test_nothing_that_is_shown_holds_a_comment(comments: Comments) -> None:
    """Neither the representation of documents nor that of a model shows a text or a vector's neighbors."""
    documents: Documents = comments.documents(comments.rows(0))
    model: KeptModel = first_model(comments, comments.rows(0, 1))
    assert documents.texts[0] not in repr(documents)
    assert documents.ids[0] not in repr(documents)
    assert not any(sample.id in repr(model) for topic in model.topics for sample in topic.samples)

"""Documents are assigned to the topics of a kept model, each by itself."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from tests.models.made_up import Comments, first_model
from worker.models.assignment import assign
from worker.models.model import KeptModel

SCRIPT = """
import sys
import numpy as np
from worker.models.assignment import assign
from worker.models.drift import drift
from worker.models.model_file import from_files
print(*sorted({"torch", "bertopic", "hdbscan", "sklearn", "umap", "pandas", "numba"} & set(sys.modules)))
"""


@pytest.fixture(scope="module")
def comments() -> Comments:
    """Give 6 themes of 60 comments."""
    return Comments(60)


@pytest.fixture(scope="module")
def model(comments: Comments) -> KeptModel:
    """Give a model of half the comments of four themes."""
    return first_model(comments, comments.rows(0, 1, 2, 3, last=30))


def test_new_documents_go_where_they_belong(comments: Comments, model: KeptModel) -> None:
    """Of its own theme, surely; hardly one is left out."""
    rows = comments.rows(0, 1, 2, 3, first=30)
    found = assign(model, comments.embeddings[rows])
    inside = found.labels >= 0
    assert inside.mean() > 0.9
    np.testing.assert_array_equal(found.labels[inside], comments.themes[rows][inside])
    assert (found.probabilities[inside] > 0.9).all()
    assert (found.probabilities[~inside] == 0).all()
    assert found.probabilities.dtype == np.float32


def test_what_the_model_never_saw_is_an_outlier(comments: Comments, model: KeptModel) -> None:
    """It has a nearest topic all the same."""
    found = assign(model, comments.embeddings[comments.rows(4, 5)])
    assert (found.labels == -1).all()
    assert (found.nearest >= 0).all()


def test_each_document_is_assigned_by_itself(comments: Comments, model: KeptModel) -> None:
    """Neither the order nor the company changes anything."""
    rows = comments.rows(0, 3, 5)
    whole = assign(model, comments.embeddings[rows])
    for i in (0, 59, 60, 119, 170):
        alone = assign(model, comments.embeddings[rows[i : i + 1]])
        assert (alone.labels[0], alone.closeness[0]) == (whole.labels[i], whole.closeness[i])
        assert alone.probabilities[0] == pytest.approx(whole.probabilities[i], abs=1e-5)


def test_a_model_without_vectors_has_only_outliers(comments: Comments) -> None:
    """Topics of under 10 documents take nothing."""
    model = first_model(comments, comments.rows(0, 1, last=9))
    found = assign(model, comments.embeddings[:5])
    assert found.labels.tolist() == found.nearest.tolist() == [-1] * 5


def test_one_topic_alone_is_sure(comments: Comments) -> None:
    """There is nothing else to choose."""
    model = first_model(comments, comments.rows(0, 1, last=30))
    alone = replace(model, topics=model.topics[:1])
    found = assign(alone, comments.embeddings[comments.rows(0)])
    assert (found.probabilities[found.labels == 0] == 1).all()


def test_a_prediction_loads_no_engine() -> None:
    """Neither BERTopic nor HDBSCAN nor scikit-learn nor torch."""
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=os.environ, capture_output=True, text=True, check=True, timeout=120
    )
    assert run.stdout.strip() == ""

"""What is equal in a batch: vectors, comments, copies."""

import numpy as np
import pytest

from worker.topics.corpus import make_corpus


@pytest.mark.parametrize("width", [1, 3, 40])
def test_equal_vectors_have_one_number(width: int) -> None:
    """Numbered by first appearance; vectors that only begin alike differ, and minus zero is zero."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(6, width)).astype(np.float32)
    rows[0, 0] = 0.0
    rows[1] = rows[0]
    rows[1, 0] = -0.0
    rows[2] = rows[0]
    rows[2, -1] += 1
    rows[5] = rows[3]
    corpus = make_corpus(["a", "b", "c", "d", "e", "f"], rows)
    assert corpus.vectors.tolist() == [0, 0, 1, 2, 3, 2]
    assert corpus.copies.tolist() == [1, 2, 3, 4, 5, 6]


def test_copies_are_equal_in_text_and_vector() -> None:
    """And comments are equal but for case and blanks."""
    rows = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [0, 1]], dtype=np.float32)
    corpus = make_corpus(["Good  one", "Good  one", "Good  one", "good one", "other\tone"], rows)
    assert corpus.copies.tolist() == [1, 1, 2, 3, 4]
    assert corpus.vectors.tolist() == [0, 0, 1, 1, 1]
    assert corpus.comments.tolist() == [0, 0, 0, 0, 1]

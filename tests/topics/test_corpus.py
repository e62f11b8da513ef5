"""The canonical order of a batch, and which of its items are equal."""

import numpy as np

from worker.topics.corpus import canonical_order, make_corpus


def test_items_are_sorted_by_text_and_then_by_vector() -> None:
    """As a sort by both would, bytes and all; equal items keep the order that they have."""
    rng = np.random.default_rng(0)
    texts = rng.choice(["b", "a", "c", "a b"], 60).tolist()
    embeddings = rng.integers(0, 2, (60, 2)).astype(np.float32)
    expected = sorted(range(60), key=lambda i: (texts[i], embeddings[i].tobytes()))
    assert canonical_order(texts, embeddings).tolist() == expected


def test_vectors_that_begin_alike_are_told_apart() -> None:
    """However many numbers are equal before the one that differs; a zero is a zero whatever its sign."""
    embeddings = np.zeros((6, 40), dtype=np.float32)
    embeddings[:, 0] = 1
    embeddings[2:4, 39] = 1
    embeddings[3, 20] = -0.0
    embeddings[4, 1] = -0.0
    embeddings[5, 1] = 1
    corpus = make_corpus(["one", "one", "one", "two", "two", "Two "], embeddings)
    assert corpus.vectors.tolist() == [0, 0, 1, 1, 0, 2]
    assert corpus.copies.tolist() == [1, 1, 2, 3, 4, 5]
    assert corpus.comments.tolist() == [0, 0, 0, 1, 1, 1]

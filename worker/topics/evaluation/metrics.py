"""The five metrics of a result, in closed form if there is one."""

from collections.abc import Sequence

import numpy as np
import torch
from scipy import sparse

from worker.topics.fit import DoubleArray, FloatArray, IntArray
from worker.topics.words.association import npmi
from worker.topics.words.vocabulary import Vocabulary

WINDOW = 10
_EPSILON = 1e-12
# Rows that are held in double precision at a time.
_BLOCK_ROWS = 2048


def npmi_coherence(topics: Sequence[Sequence[str]], vocabulary: Vocabulary, window: int = WINDOW) -> float:
    """Mean normalized pointwise mutual information of the topics' keyword pairs.

    Bouma 2009; sliding windows as c_npmi of Roeder, Both and Hinneburg 2015. A keyword of two words occurs
    in a window if they stand in it side by side as the comment has them, a denied one if its word
    stands in it, denied; a plain word occurs wherever it stands. A document shorter than the window
    is one window. Pairs in which one keyword never occurs, or both in every window, count 0: nothing
    can be told of them. A topic of one keyword is left out.

    Args:
        topics: the keywords of each topic, all in `vocabulary`.
        vocabulary: of the batch.
        window: words.

    Returns:
        In [-1, 1]; 0.0 if no topic has two keywords.
    """
    scores = [score for score in topic_npmi(topics, vocabulary, window) if score is not None]
    return float(np.mean(scores)) if scores else 0.0


def topic_npmi(topics: Sequence[Sequence[str]], vocabulary: Vocabulary, window: int = WINDOW) -> list[float | None]:
    """Give each topic's part in `npmi_coherence`; None for a topic of one keyword."""
    keywords = sorted({word for topic in topics for word in topic})
    occurrence = _windows_with(keywords, vocabulary, window)
    together = (occurrence @ occurrence.T).toarray().astype(np.float64) / occurrence.shape[1]
    column = {word: i for i, word in enumerate(keywords)}
    positions = [[column[word] for word in topic] for topic in topics]
    return [_mean_npmi(together[np.ix_(own, own)]) if len(own) > 1 else None for own in positions]


def topic_diversity(topics: Sequence[Sequence[str]]) -> float:
    """Share of distinct keywords among all topics' keywords (Dieng, Ruiz and Blei 2020), in (0, 1]."""
    words = [word for topic in topics for word in topic]
    return len(set(words)) / len(words)


def silhouette_score(embeddings: FloatArray, labels: IntArray, device: str) -> float:
    """Mean silhouette (Rousseeuw 1987) of the clustered points by cosine distance.

    For unit vectors the mean distance from x to a cluster C is 1 - x.sum(C)/|C|, so the sum of
    each cluster is all that is needed: O(n k d) instead of O(n^2 d).

    Args:
        embeddings: (n, d) float32, L2-normalized.
        labels: (n,) int64, -1 for outliers, which are left out.
        device: "cpu" or "cuda:N".

    Returns:
        In [-1, 1]; 0.0 for fewer than two clusters. A point alone in its cluster counts 0.
    """
    scores = silhouettes(embeddings, labels, device)
    return float(scores.mean()) if scores is not None else 0.0


def silhouettes(embeddings: FloatArray, labels: IntArray, device: str) -> torch.Tensor | None:
    """Give the silhouette of each clustered point, float64 on the device; None for fewer than two clusters."""
    inside = labels >= 0
    _, own = np.unique(labels[inside], return_inverse=True)
    n_clusters = int(own.max(initial=-1)) + 1
    if n_clusters < 2:
        return None
    points = torch.from_numpy(embeddings[inside]).to(device)
    cluster = torch.from_numpy(own.astype(np.int64)).to(device)
    sizes = torch.bincount(cluster, minlength=n_clusters).double()
    sums = torch.zeros(n_clusters, points.shape[1], dtype=torch.float64, device=points.device)
    blocks = [slice(start, start + _BLOCK_ROWS) for start in range(0, len(points), _BLOCK_ROWS)]
    for block in blocks:
        sums.index_add_(0, cluster[block], points[block].double())
    to_sums = torch.cat([points[block].double() @ sums.T for block in blocks])
    itself = torch.cat([points[block].double().square().sum(dim=1) for block in blocks])
    rows = torch.arange(len(points), device=points.device)
    size = sizes[cluster]
    within = ((size - 1) - (to_sums[rows, cluster] - itself)) / torch.clamp(size - 1, min=1)
    distances = 1 - to_sums / sizes
    distances[rows, cluster] = torch.inf
    nearest = distances.min(dim=1).values
    score = (nearest - within) / torch.clamp(torch.maximum(nearest, within), min=_EPSILON)
    return torch.where(size > 1, score, 0.0)


def embedding_coherence(topics: Sequence[FloatArray]) -> float:
    """Mean over topics of the mean pairwise cosine of their keywords' vectors.

    Args:
        topics: for each, (words, d) float32, L2-normalized. Topics of one word are left out.

    Returns:
        In [-1, 1]; 0.0 if no topic has two words.
    """
    scores = []
    for vectors in topics:
        n = len(vectors)
        if n > 1:
            total = vectors.sum(axis=0, dtype=np.float64)
            scores.append((total @ total - np.sum(vectors.astype(np.float64) ** 2)) / (n * (n - 1)))
    return float(np.mean(scores)) if scores else 0.0


def _windows_with(keywords: Sequence[str], vocabulary: Vocabulary, window: int) -> sparse.csr_matrix:
    """Build the boolean (keywords, windows) occurrence matrix."""
    lengths = np.diff(vocabulary.offsets)
    windows = np.maximum(1, lengths - window + 1)
    first_window = np.concatenate([[0], np.cumsum(windows)])
    document = np.repeat(np.arange(len(lengths)), lengths)
    position = np.arange(len(vocabulary.tokens)) - vocabulary.offsets[document]
    rows, columns = [], []
    for row, column in enumerate(vocabulary.columns_of(keywords).tolist()):
        at, length = _positions(column, vocabulary)
        where, start = document[at], position[at]
        first = np.maximum(0, start + length - window)
        last = np.minimum(start, windows[where] - 1)
        count = last - first + 1
        offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        columns.append(np.repeat(first_window[where] + first, count) + offset)
        rows.append(np.full(int(count.sum()), row))
    cells = (np.concatenate(rows), np.concatenate(columns))
    matrix = sparse.csr_matrix((np.ones(len(cells[0])), cells), shape=(len(keywords), int(first_window[-1])))
    matrix.data[:] = 1.0
    return matrix


def _positions(column: int, vocabulary: Vocabulary) -> tuple[IntArray, int]:
    """Find where a term begins among the tokens, and its length in tokens; a negator is no token."""
    words = vocabulary.words_of(column)
    tokens = vocabulary.tokens
    found = np.isin(tokens, words[0])
    if len(words) == 2:
        found[:-1] &= np.isin(tokens[1:], words[1]) & vocabulary.joined[1:]
        found[-1:] = False
    return np.flatnonzero(found), len(words)


def _mean_npmi(together: DoubleArray) -> float:
    pairs = ~np.eye(len(together), dtype=bool)
    return float(npmi(together)[pairs].mean())

"""What a fit knows of its topics beside their keywords: plain values, numpy only."""

from dataclasses import dataclass

from worker.topics.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class TopicTraits:
    """Centroids and words of the topics, numbered as in the fit. Given only if it was asked for.

    `counts`, `columns` and `starts` are the rows of a sparse matrix (CSR) of topics and terms; `documents` has the
    same columns and starts.

    Attributes:
        centroids: (t, d) float32, L2-normalized means of the topics' documents.
        terms: (m,) that any topic's documents hold; sorted, forms of one word side by side.
        counts: (c,) int64, how often a topic's documents hold a term.
        documents: (c,) int64, how many of a topic's documents hold it.
        columns: (c,) int64, index into `terms`.
        starts: (t + 1,) int64, where each topic begins in `counts`.
    """

    centroids: FloatArray
    terms: tuple[str, ...]
    counts: IntArray
    documents: IntArray
    columns: IntArray
    starts: IntArray

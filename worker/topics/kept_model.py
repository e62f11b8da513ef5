"""What a kept model needs of a fit: plain values, numpy only."""

from dataclasses import dataclass

from worker.topics.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class TopicModel:
    """What a kept model needs of a fit; topics are numbered as in it. Given only if it was asked for.

    `counts`, `columns` and `starts` are the rows of a sparse matrix (CSR) of topics and terms.

    Attributes:
        centroids: (t, d) float32, L2-normalized means of the topics' documents.
        keyword_vectors: for each topic (words, e) float32, L2-normalized, in the space of the keyword encoder.
        terms: (m,) that any topic's documents hold; sorted, forms of one word side by side.
        counts: (c,) int64, how often a topic's documents hold a term.
        columns: (c,) int64, index into `terms`.
        starts: (t + 1,) int64, where each topic begins in `counts`.
    """

    centroids: FloatArray
    keyword_vectors: tuple[FloatArray, ...]
    terms: tuple[str, ...]
    counts: IntArray
    columns: IntArray
    starts: IntArray

"""What explains a fit, computed only if it was asked for: plain values, numpy only."""

from dataclasses import dataclass
from typing import Final

from worker.topics.arrays import BoolArray, DoubleArray, FloatArray, IntArray

# The parameters that are tried: the field of `TopicParams` by the name that a request has for it.
FIELDS_TRIED: Final = {
    "min_topic_size": "min_cluster_size",
    "nr_topics": "n_topics",
    "umap_n_neighbors": "n_neighbors",
    "hdbscan_min_samples": "min_samples",
    "neutralize": "neutralize",
}


@dataclass(frozen=True)
class Merge:
    """Two clusters became one: `gone` joined `keep`, at this cosine of their centred means."""

    keep: int
    gone: int
    similarity: float


@dataclass(frozen=True, eq=False)
class Part:
    """A part of a topic: clusters that were joined to it, or an area of a large cluster on the map.

    Attributes:
        topic: the topic.
        parent: the place of the part that this one is in, in the list of all parts; -1 for the topic itself.
        rows: (m,) int64, its documents, without placed outliers.
        keywords: what tells it from the rest of its topic, best first; at most three, perhaps none.
        typical: the document nearest to its mean.
        similarity: cosine of the centred means at which it was joined with its sibling; None for an area.
    """

    topic: int
    parent: int
    rows: IntArray
    keywords: tuple[str, ...]
    typical: int
    similarity: float | None


@dataclass(frozen=True, eq=False)
class Trial:
    """What another value of one parameter would give.

    Attributes:
        param: its name in a request.
        value: the other value.
        labels: (n,) int64, the topics by falling size, -1 for outliers.
        worded: of each of these topics, whether its comments share their wording rather than what they say.
        removed: the kinds of wording that were taken out of the embeddings.
    """

    param: str
    value: int | bool
    labels: IntArray
    worded: tuple[bool, ...]
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """What explains a fit; computed only if it was asked for.

    Attributes:
        coordinates: (n, 2) float32, a map: UMAP on the same neighbors, its islands moved together.
        core: (n,) int64, the topics before outliers were placed, numbered as in the fit.
        clusters: (n,) int64, by falling size, the clusters before merging; -1 for outliers.
        strengths: (n,) float32 in [0, 1], HDBSCAN's membership in the cluster; 0 for outliers.
        neighbors: (n, k) int64, nearest first, those that were asked for a vote.
        has_vote: (n, k) bool, whether a neighbor has one: the first of several copies of a comment.
        distances: (n, k) float32, cosine.
        reach: cosine distance beyond which neighbors place no outlier.
        silhouettes: (n,) float32 in [-1, 1], by cosine; 0 for outliers.
        closeness: (n,) float32, cosine to the centroid of the document's topic; 0 for outliers.
        topic_similarity: (t, t) float32, cosine of the topics' centred means.
        npmi: (t,) float32, of each topic's keywords; 0 for a topic of one.
        coherence: (t,) float32, mean cosine of each topic's keyword vectors; 0 for a topic of one.
        coverage: (t,) float64 in [0, 1], share of a topic's documents that hold one of its keywords.
        elsewhere: (t,) float64 in [0, 1], share of all other documents that hold one of them.
        at_rival: (t,) float64 in [0, 1], share of the next topic's documents that hold one of them.
        told: (t,) float64 in [0, 1], share of a topic's documents that hold one of them or are like those that do.
        cohesion: (t, 2) float64, mean cosine of two documents of a topic, and of one of it and one of the next topic,
            after the mean of all documents was subtracted.
        rivals: (t,) int64, that next topic; -1 if there is none.
        denied: (t,) float64 in [0, 1], how often one of a topic's first keywords is denied in its documents.
        merges: from the clusters to the topics, in order.
        cluster_topics: (c,) int64, the topic each cluster ended in; -1 if none of its comments holds a word.
        parts: of the topics, each after the part that it is in.
        trials: what other values of the parameters would give; none if they were not asked for.
    """

    coordinates: FloatArray
    core: IntArray
    clusters: IntArray
    strengths: FloatArray
    neighbors: IntArray
    has_vote: BoolArray
    distances: FloatArray
    reach: float
    silhouettes: FloatArray
    closeness: FloatArray
    topic_similarity: FloatArray
    npmi: FloatArray
    coherence: FloatArray
    coverage: DoubleArray
    elsewhere: DoubleArray
    at_rival: DoubleArray
    told: DoubleArray
    cohesion: DoubleArray
    rivals: IntArray
    denied: DoubleArray
    merges: tuple[Merge, ...]
    cluster_topics: IntArray
    parts: tuple[Part, ...] = ()
    trials: tuple[Trial, ...] = ()


@dataclass(frozen=True)
class Stability:
    """How far the topics of a fit are found again if a few documents are left out.

    Attributes:
        n_reruns: how often some were left out, drawn at random.
        left_out: documents that were left out each time.
        overall: mean adjusted Rand index (Hubert and Arabie 1985), over the documents that are in a topic both times.
        topics: of each topic, the mean Jaccard coefficient with the most similar topic of the rerun, in [0, 1].
    """

    n_reruns: int
    left_out: int
    overall: float
    topics: tuple[float, ...]

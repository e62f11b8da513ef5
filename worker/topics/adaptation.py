"""Defaults adapt to small batches; values that a request sends do not."""

import math
from dataclasses import asdict, dataclass

from worker.topics.fit import (
    DEFAULT_MIN_CLUSTER_SIZE,
    DEFAULT_MIN_SAMPLES,
    DEFAULT_N_COMPONENTS,
    DEFAULT_N_NEIGHBORS,
    DEFAULT_N_TOPICS,
    Details,
    TopicParams,
)

# Below this many documents UMAP gets fewer dimensions.
SMALL_BATCH = 500
SMALL_N_COMPONENTS = 5
MIN_CLUSTER_SIZE_FLOOR = 3
N_NEIGHBORS_FLOOR = 5
# A layout of fewer points shows nothing: four are two pairs, whatever they say.
FEWEST_DOCUMENTS = 5


@dataclass(frozen=True)
class AdaptedParams:
    """The parameters in force for a batch; names as in `TopicParams`, all of them set."""

    min_cluster_size: int
    n_topics: int
    n_neighbors: int
    n_components: int
    min_samples: int

    def details(self) -> Details:
        """Name them as the request does, for the log."""
        names = {
            "min_cluster_size": "min_topic_size",
            "n_topics": "nr_topics",
            "n_neighbors": "umap_n_neighbors",
            "n_components": "umap_n_components",
            "min_samples": "hdbscan_min_samples",
        }
        return {names[name]: value for name, value in asdict(self).items()}


def adapt(params: TopicParams, n: int) -> AdaptedParams:
    """Fill in what was left out, fitting for `n` documents; clamp what cannot run at all.

    A `min_cluster_size` that was left out grows with the root of n, from 3 at 15 documents to 14 at 500
    and 15 from 507 on; a fixed 15 finds nothing in most batches of under a hundred.
    """
    size = _given(params.min_cluster_size, default_min_cluster_size(n))
    return AdaptedParams(
        min_cluster_size=max(2, min(size, n)),
        n_topics=max(1, _given(params.n_topics, DEFAULT_N_TOPICS)),
        n_neighbors=_clamp(
            _given(params.n_neighbors, min(DEFAULT_N_NEIGHBORS, max(N_NEIGHBORS_FLOOR, n // 4))), 2, n - 1
        ),
        n_components=_clamp(
            _given(params.n_components, DEFAULT_N_COMPONENTS if n >= SMALL_BATCH else SMALL_N_COMPONENTS), 1, n - 3
        ),
        min_samples=_clamp(_given(params.min_samples, min(DEFAULT_MIN_SAMPLES, max(1, size // 2))), 1, n - 1),
    )


def default_min_cluster_size(n: int) -> int:
    """Give the `min_cluster_size` for `n` documents: two thirds of their root, from 3 to 15."""
    return min(DEFAULT_MIN_CLUSTER_SIZE, max(MIN_CLUSTER_SIZE_FLOOR, math.isqrt(n * 4 // 9)))


def _given(value: int | None, default: int) -> int:
    return default if value is None else value


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))

"""Defaults bend to the batch, requests do not."""

import pytest

from worker.topics.adaptation import AdaptedParams, adapt
from worker.topics.fit import TopicParams


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (15, AdaptedParams(3, 20, 5, 5, 1)),
        (60, AdaptedParams(5, 20, 15, 5, 2)),
        (200, AdaptedParams(9, 20, 20, 5, 4)),
        (500, AdaptedParams(14, 20, 20, 10, 5)),
        (506, AdaptedParams(14, 20, 20, 10, 5)),
        (5000, AdaptedParams(15, 20, 20, 10, 5)),
    ],
)
def test_defaults_follow_the_number_of_documents(n: int, expected: AdaptedParams) -> None:
    """What was left out grows with the batch up to its full value."""
    assert adapt(TopicParams(), n) == expected


def test_what_was_sent_is_kept() -> None:
    """Even if a default would have bent."""
    sent = TopicParams(min_cluster_size=15, n_topics=3, n_neighbors=20, n_components=10, min_samples=5)
    assert adapt(sent, 40) == AdaptedParams(15, 3, 20, 10, 5)


def test_what_cannot_run_is_clamped() -> None:
    """More neighbors, dimensions or samples than documents make no graph."""
    sent = TopicParams(min_cluster_size=50, n_neighbors=500, n_components=400, min_samples=90)
    assert adapt(sent, 10) == AdaptedParams(10, 20, 9, 7, 9)


def test_details_name_parameters_as_the_request_does() -> None:
    """The log speaks the API's language."""
    assert adapt(TopicParams(), 600).details() == {
        "min_topic_size": 15,
        "nr_topics": 20,
        "umap_n_neighbors": 20,
        "umap_n_components": 10,
        "hdbscan_min_samples": 5,
    }


def test_the_full_minimum_size_is_reached_at_507() -> None:
    """As the docstring says."""
    assert [adapt(TopicParams(), n).min_cluster_size for n in (499, 500, 506, 507)] == [14, 14, 14, 15]

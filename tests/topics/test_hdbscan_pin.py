"""hdbscan's private functions, which worker/topics/clusters/hierarchy.py uses: an upgrade must not change them."""

import importlib
import importlib.metadata
import inspect
import re
import tomllib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage

from tests.acceptance.processes import PROJECT

ADVICE = (
    "hdbscan changed. worker/topics/clusters/hierarchy.py calls its private functions `_tree_to_labels` and `label`: "
    "compare them with hdbscan's public results, then raise the pin in pyproject.toml"
)
# What hierarchy.py relies on: five results in this order, and these parameters.
TREE_PARAMETERS = ["X", "single_linkage_tree", "min_cluster_size", "cluster_selection_method"]
# Six points on a line in two groups: joins of their minimum spanning tree as (point, point, distance).
TREE = np.array([[0.0, 1.0, 1.0], [3.0, 4.0, 1.5], [1.0, 2.0, 2.0], [4.0, 5.0, 2.5], [2.0, 3.0, 20.0]])
POINTS = np.array([[0.0], [1.0], [3.0], [23.0], [24.5], [27.0]])


def private(module: str, name: str) -> Callable[..., Any]:
    """Import a private function of hdbscan; without it the test fails with the advice."""
    try:
        function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError):
        pytest.fail(ADVICE)
    return function


@pytest.fixture
def label() -> Callable[..., Any]:
    """Give the function that turns a spanning tree into a linkage."""
    return private("hdbscan._hdbscan_linkage", "label")


@pytest.fixture
def tree_to_labels() -> Callable[..., Any]:
    """Give the function that cuts flat clusters out of a linkage."""
    return private("hdbscan.hdbscan_", "_tree_to_labels")


def test_hdbscan_is_pinned_to_the_version_that_was_checked() -> None:
    """The requirement names one patch release, and that release is installed."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (requirement,) = [line for line in project["dependencies"] if line.startswith("hdbscan")]
    pinned = re.fullmatch(r"hdbscan ==(\d+\.\d+\.\d+)", requirement)
    assert pinned is not None, f"pyproject.toml must pin hdbscan with ==, not by {requirement!r}"
    assert importlib.metadata.version("hdbscan") == pinned[1], ADVICE


def test_label_builds_the_linkage_that_scipy_builds(label: Callable[..., Any]) -> None:
    """The joins and sizes are those of scipy's single linkage of the same points, whichever side is named first."""
    ours, expected = label(TREE), linkage(POINTS, "single")
    assert np.array_equal(np.sort(ours[:, :2]), np.sort(expected[:, :2])), ADVICE
    assert np.array_equal(ours[:, 2:], expected[:, 2:]), ADVICE


def test_tree_to_labels_has_the_parameters_that_are_passed(tree_to_labels: Callable[..., Any]) -> None:
    """The first four parameters have their names, and `max_cluster_size` can be passed by name."""
    names = list(inspect.signature(tree_to_labels).parameters)
    assert names[:4] == TREE_PARAMETERS, ADVICE
    assert "max_cluster_size" in names, ADVICE


def test_tree_to_labels_gives_what_is_unpacked(label: Callable[..., Any], tree_to_labels: Callable[..., Any]) -> None:
    """It gives labels, strengths, stabilities, the condensed tree and the tree; two groups become two clusters."""
    results = tree_to_labels(None, label(TREE), 2, "eom", max_cluster_size=0)
    assert len(results) == 5, ADVICE
    labels, strengths, _, condensed, _ = results
    assert [len(set(labels[:3])), len(set(labels[3:])), len(set(labels))] == [1, 1, 2], ADVICE
    assert strengths.shape == (6,), ADVICE
    assert condensed.dtype.names == ("parent", "child", "lambda_val", "child_size"), ADVICE

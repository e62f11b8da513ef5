"""How several p-values become one."""

import numpy as np
import pytest
from scipy.stats import combine_pvalues

from worker.models.p_values import any_of, both


def test_two_that_are_small_are_less_than_twice_the_smallest() -> None:
    """One alone counts as in Bonferroni's rule, if the others say nothing."""
    assert any_of([0.01, 0.01]) == pytest.approx(0.01)
    assert any_of([0.01, 0.01, 1, 1]) < 4 * 0.01
    assert any_of([1e-9, 1, 1, 1]) == pytest.approx(4e-9)
    assert any_of([1, 1]) == 1
    assert any_of([0, 1]) == 0


@pytest.mark.parametrize("correlation", [0.0, 0.7])
@pytest.mark.parametrize("n", [2, 3, 4])
def test_any_of_some_by_chance(n: int, correlation: float) -> None:
    """As many are below .02 as its docstring says."""
    rng = np.random.default_rng(n)
    shared, own = rng.normal(size=(100_000, 1)), rng.normal(size=(100_000, n))
    values = np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own
    ranks = values.argsort(axis=0).argsort(axis=0) / 100_000 + 5e-6
    assert 0.019 < np.mean([any_of(row) < 0.02 for row in ranks.tolist()]) < 0.024


def test_both_is_fishers_product() -> None:
    """As SciPy has it; what is impossible stays so."""
    assert both(0.03, 0.2) == pytest.approx(combine_pvalues([0.03, 0.2], "fisher").pvalue)
    assert both(1, 1) == 1
    assert both(0, 0.5) == 0

"""The map: where topics stand."""

import itertools

import numpy as np
import pytest

from tests.models.made_up import Comments, first_model

pytest.importorskip("streamlit", reason="pip install 'topic-model-worker[dashboard]'")


def test_no_label_hides_another() -> None:
    """All within the map, apart from one another, and twice at the same places."""
    from worker.dashboard.topic_map import _LABEL, positions

    comments = Comments(12)
    model = first_model(comments, comments.rows(0, 1, 2, 3, 4, 5))
    places = positions(model, model.topics)
    assert places.shape == (6, 2)
    assert places.min() >= 0
    assert places.max() <= 1
    for one, other in itertools.combinations(places, 2):
        assert (np.abs(one - other) >= 0.8 * _LABEL).any()
    assert (places == positions(model, model.topics)).all()
    same = [model.topics[0]] * 3
    assert len({tuple(place) for place in positions(model, same).round(6).tolist()}) == 3
    assert positions(model, []).shape == (0, 2)

"""How far topics agree with labels that people gave."""

from typing import Any

import numpy as np
from sklearn.metrics import normalized_mutual_info_score

from worker.topics.task import Agreement, CompareLabels


def run(task: CompareLabels, *_: Any) -> Agreement:
    """Measure the agreement by normalized mutual information (arithmetic mean; Vinh, Epps and Bailey 2010)."""
    labels = np.array(task.labels, dtype=object)
    known = labels != ""
    inside = known & (task.topics >= 0)
    return Agreement(
        n_labelled=int(known.sum()),
        n_labels=len(set(labels[known].tolist())),
        nmi=_nmi(labels[inside].tolist(), task.topics[inside].tolist()),
        nmi_with_outliers=_nmi(labels[known].tolist(), task.topics[known].tolist()),
        coverage=float(inside.sum() / max(1, known.sum())),
    )


def _nmi(labels: list[str], topics: list[int]) -> float:
    return float(normalized_mutual_info_score(labels, topics)) if labels else 0.0

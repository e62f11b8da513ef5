"""A kept model as MLflow loads it: `mlflow.pyfunc.load_model("models:/topic-model-TENANT@active").predict(frame)`."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from worker.models.assignment import assign
from worker.models.model import KeptModel
from worker.models.model_file import ARRAYS, from_files
from worker.topics.arrays import FloatArray

DETAILS: Final = "details.json"


class TopicModel:
    """Assigns embeddings to the topics of a kept model; no comment's text is needed."""

    def __init__(self, model: KeptModel) -> None:
        """Take the model."""
        self._model = model

    def predict(self, frame: Any, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Assign each row to a topic.

        Args:
            frame: a data frame or an array with a column for each dimension of the embedding, in their order, or a
                frame with one column, each of whose values is a vector. The vectors need not be normalized.
            params: MLflow's; not used.

        Returns:
            A row for each row, with the same index: `topic`, its number, -1 for an outlier; `probability`, 0 for an
            outlier; `keywords` of the topic, with commas between them.

        Raises:
            ValueError: the vectors are not of the model's dimension, not finite, or zero.
        """
        rows = pd.DataFrame(frame)
        found = assign(self._model, _normalized(rows, self._model.dimension))
        keywords = {topic.number: ", ".join(topic.keywords) for topic in self._model.topics}
        columns = {
            "topic": found.labels,
            "probability": found.probabilities,
            "keywords": [keywords.get(number, "") for number in found.labels.tolist()],
        }
        return pd.DataFrame(columns, index=rows.index)


def _normalized(rows: pd.DataFrame, dimension: int) -> FloatArray:
    if rows.shape[1] == 1 and dimension > 1:
        rows = pd.DataFrame(rows.iloc[:, 0].tolist())
    if rows.shape[1] != dimension:
        raise ValueError(f"the model was made with embeddings of {dimension} dimensions, these have {rows.shape[1]}")
    vectors = rows.to_numpy(dtype=np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    n_unusable = int(np.sum(~(np.isfinite(lengths) & (lengths > 0))))
    if n_unusable:
        raise ValueError(f"{n_unusable} of {len(vectors)} embeddings are zero or not finite: leave these rows out")
    normalized: FloatArray = np.ascontiguousarray(vectors / lengths, dtype=np.float32)
    return normalized


def _load_pyfunc(path: str) -> TopicModel:
    """Read a model; MLflow calls this by its name."""
    folder = Path(path)
    details = json.loads((folder / DETAILS).read_text(encoding="utf-8"))
    return TopicModel(from_files({ARRAYS: (folder / ARRAYS).read_bytes()}, details))

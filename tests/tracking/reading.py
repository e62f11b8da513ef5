"""What a real MLflow holds, as JSON, read by a process of its own: `python -m tests.tracking.reading MODEL VECTORS`."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow import MlflowClient, pyfunc


def main() -> None:
    """Print all runs in the order of their jobs, the versions, the alias and what the model makes of vectors."""
    name, vectors = sys.argv[1], np.load(sys.argv[2])
    client = MlflowClient()
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(experiments, order_by=["attributes.start_time ASC"])
    versions = client.search_model_versions(f"name = '{name}'")
    model = pyfunc.load_model(f"models:/{name}@active")
    index = [f"row {i}" for i in range(len(vectors))]
    views: dict[str, Any] = {
        "columns": pd.DataFrame(vectors, index=index),
        "vectors": pd.DataFrame({"embedding": list(vectors * 7)}, index=index),
        "array": vectors,
    }
    answers = {view: model.predict(given) for view, given in views.items()}
    found = {
        "runs": [_run(client, run) for run in runs],
        "versions": {version.tags["worker_model_version"]: version.version for version in versions},
        "active": client.get_model_version_by_alias(name, "active").tags["worker_model_version"],
        "predicted": {view: answer.to_dict("list") for view, answer in answers.items()},
        "index": answers["vectors"].index.tolist(),
        "refused": _refusal(model, vectors),
    }
    print(json.dumps(found))


def _run(client: MlflowClient, run: Any) -> dict[str, Any]:
    files = [file.path for file in client.list_artifacts(run.info.run_id) if file.path.endswith((".json", ".csv"))]
    texts = {name: Path(client.download_artifacts(run.info.run_id, name)).read_text(encoding="utf-8") for name in files}
    tables = {Path(name).stem: json.loads(text) for name, text in texts.items() if name.endswith(".json")}
    return {
        "status": run.info.status,
        "tags": run.data.tags,
        "params": run.data.params,
        "metrics": run.data.metrics,
        "csv": texts.get("topics.csv"),
        **tables,
    }


def _refusal(model: pyfunc.PyFuncModel, vectors: np.ndarray) -> list[str]:
    refused = []
    for wrong in (vectors[:, :5], vectors * 0):
        try:
            model.predict(pd.DataFrame(wrong))
        except ValueError as error:
            refused.append(str(error))
    return refused


if __name__ == "__main__":
    main()

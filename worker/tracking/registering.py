"""Versions of a tenant's model in MLflow's registry, whose alias `active` follows the worker's own model store."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import mlflow.pyfunc
from mlflow import MlflowClient
from mlflow.entities import RunInfo
from mlflow.entities.model_registry import ModelVersion as RegisteredVersion
from mlflow.exceptions import MlflowException

from worker.models.model_file import ARRAYS
from worker.store.errors import VersionMissing
from worker.store.store import ModelStore
from worker.tracking.pyfunc import DETAILS
from worker.tracking.run import ModelVersion
from worker.version import WORKER_VERSION

ALIAS: Final = "active"
_LOADER: Final = "worker.tracking.pyfunc"
_VERSION: Final = "worker_model_version"
# More jobs of a tenant than these do not become active while an alias is set.
_MOST_LOOKS: Final = 5


def registered_name(tenant: str) -> str:
    """Name the registered model of a tenant."""
    return f"topic-model-{tenant}"


def register(client: MlflowClient, made: ModelVersion, run: RunInfo) -> None:
    """Register a version, and let the alias name the version that is active in the store.

    MLflow cannot compare and swap. So the alias is never set to what a job thinks it made: it is set to what the store
    says, and the store is asked again afterwards. Workers that do so at the same time end with the same alias.

    Args:
        client: of MLflow.
        made: the version of the job.
        run: of the job.
    """
    store, name = ModelStore(made.store), registered_name(made.tenant)
    _expect_model(client, name, made.tenant)
    own = _registered(client, store, name, made, run)
    before = ""
    for _ in range(_MOST_LOOKS):
        active = store.active(made.tenant)
        if active is None or active.version == before:
            return
        before = active.version
        is_own = before == made.version
        version = own if is_own else _registered(client, store, name, _beside(made, before), run)
        if version is not None:
            client.set_registered_model_alias(name, ALIAS, version.version)


def _beside(made: ModelVersion, version: str) -> ModelVersion:
    return ModelVersion(made.store, made.tenant, version)


def _expect_model(client: MlflowClient, name: str, tenant: str) -> None:
    try:
        client.create_registered_model(name, tags={"tenant": tenant})
    except MlflowException:  # it is there, or another worker was faster
        client.get_registered_model(name)


def _registered(
    client: MlflowClient, store: ModelStore, name: str, wanted: ModelVersion, run: RunInfo
) -> RegisteredVersion | None:
    """Give a version as MLflow knows it, registered now if it was not; None if the store has it no more."""
    found = client.search_model_versions(f"name = '{name}' and tags.{_VERSION} = '{wanted.version}'")
    if found:
        return found[0]
    try:
        files, details = store.read(wanted.tenant, wanted.version)
    except VersionMissing:
        return None
    artifact = f"model-{wanted.version}"
    with tempfile.TemporaryDirectory() as folder:
        _save(Path(folder), files[ARRAYS], details)
        client.log_artifacts(run.run_id, str(Path(folder) / "model"), artifact)
    return client.create_model_version(
        name,
        source=f"{run.artifact_uri}/{artifact}",
        run_id=run.run_id,
        tags={_VERSION: wanted.version, "tenant": wanted.tenant},
    )


def _save(folder: Path, arrays: bytes, details: Mapping[str, Any]) -> None:
    """Write the model as MLflow reads it: two files of the store, and which module reads them."""
    data = folder / "data"
    data.mkdir()
    (data / ARRAYS).write_bytes(arrays)
    # Ids of comments are the API's, and of no use here.
    topics = [{**topic, "samples": []} for topic in details["topics"]]
    (data / DETAILS).write_text(json.dumps({**details, "topics": topics}), encoding="utf-8")
    mlflow.pyfunc.save_model(
        path=str(folder / "model"),
        loader_module=_LOADER,
        data_path=str(data),
        pip_requirements=[f"topic-model-worker=={WORKER_VERSION}"],
    )

"""Write a version, make it active, and begin anew if another job was faster; safe to run twice."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from worker.contract.result import Document
from worker.contract.sealed_result import from_bytes, opened, sealed, to_bytes
from worker.errors import ActivationLost, ResultGone
from worker.lifecycle import models
from worker.lifecycle.stages import ModelStage
from worker.lifecycle.task import ModelTask
from worker.lifecycle.watched_store import WatchedStore
from worker.models.model import KeptModel
from worker.models.model_file import to_files
from worker.store.activation import Activation
from worker.store.errors import LostRace, VersionMissing
from worker.topics.stages import StageClock

MOST_RACES: Final = 3
OUTCOME: Final = "outcome.json.gz"


@dataclass(frozen=True, eq=False)
class Made:
    """A model that is to be kept, and the result of the job that made it, as yet without the name of its version."""

    model: KeptModel
    document: Document


_Answer = TypeVar("_Answer")


def keep(
    task: ModelTask, store: WatchedStore, clock: StageClock, make: Callable[[Activation | None], Made | _Answer]
) -> Document | _Answer:
    """Make a model of the active one, keep it and make it active; give the result of the job.

    Then old versions go, as far as the task's retention lets them go.

    A job that has done so before, but whose worker was lost before it delivered the result, gives that result again,
    unless a person has taken that version back since: then its comments do not count, and it does its work again.

    Args:
        task: whose job is named in the activation log.
        store: of the tenant.
        clock: of the job's stages.
        make: makes the model of the active version, None for none; what is no `Made` is given back as it is.

    Raises:
        ActivationLost: another job was faster each time.
        StoreUnavailable, StoreCorrupt: the store cannot be used.
    """
    job = task.name()
    for _ in range(MOST_RACES):
        clock.enter(ModelStage.LOAD)
        # In this order: if the job activates a version later than that, `base` is no longer the newest.
        base = store.active()
        own = store.activated_by(job)
        if own is not None:
            clock.note(version=own.version, done_before=True)
            return _done_before(task, store, own)
        made = make(base)
        if not isinstance(made, Made):
            return made
        clock.enter(ModelStage.KEEP)
        document = _named(made.document, task, base)
        files, details = to_files(made.model)
        outcome = to_bytes(sealed(document, task.batch))
        version = store.write({**files, OUTCOME: outcome}, details, parent=base.version if base else None)
        try:
            store.activate(version, after=base, job=job)
        except LostRace:
            store.delete(version)
            clock.note(race_lost=True)
            continue
        models.remember(store, version, made.model)
        n_bytes = sum(map(len, files.values())) + len(outcome)
        clock.note(version=version, topics=len(made.model.topics), bytes=n_bytes)
        store.retain(task.retention)
        return _with_version(document, version)
    raise ActivationLost("another worker won the activation three times running")


def _done_before(task: ModelTask, store: WatchedStore, own: Activation) -> Document:
    try:
        files, _ = store.read(own.version)
    except VersionMissing:
        raise ResultGone(
            f"this job has made version {own.version} of tenant {store.tenant} before, and that version was deleted "
            "since, so its result cannot be given again: the version's comments are counted, do not send them again"
        ) from None
    return _with_version(opened(from_bytes(files[OUTCOME]), task.batch), own.version)


def _named(document: Document, task: ModelTask, base: Activation | None) -> Document:
    """Say whose model was made, and of which version."""
    previous = {"previousVersion": base.version} if base is not None else {}
    completed_at = document["completedAt"]
    rest = {name: value for name, value in document.items() if name != "completedAt"}
    return {**rest, "model": {"tenant": task.tenant, **previous}, "completedAt": completed_at}


def _with_version(document: Document, version: str) -> Document:
    model = document["model"]
    if not isinstance(model, dict):
        raise TypeError("a kept result without its model")
    return {**document, "model": {"tenant": model["tenant"], "version": version, **model}}

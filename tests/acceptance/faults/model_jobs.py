"""The jobs of chaos that use a kept model, and what must hold of the models after it."""

import json
import random
from collections.abc import Iterator
from typing import Any

from tests.acceptance.faults.strikes import KEY, Chaos
from tests.lifecycle.batches import MOST_DAYS, N_PER_DAY, envelope_of, seen_by
from worker.store.store import ModelStore

TENANTS = ("campus-1", "campus-2", "campus-3")
UPDATE, PREDICT = "topic-model.update", "topic-model.predict"
SHORTEST_S, LONGEST_S = 0.1, 1.0
SHARE_OF_UPDATES = 0.7
# A name tells the tenant and the kind.
_SEPARATOR = "_"


def model_jobs(n_jobs: int, chance: random.Random) -> Iterator[tuple[str, dict[str, Any]]]:
    """Make updates and predictions of three tenants, by name; each tenant's first job is an update."""
    assert n_jobs <= len(TENANTS) * MOST_DAYS
    for number in range(n_jobs):
        tenant, day = TENANTS[number % len(TENANTS)], number // len(TENANTS)
        is_update = day == 0 or chance.random() < SHARE_OF_UPDATES
        name = _SEPARATOR.join([tenant.replace("-", ""), "update" if is_update else "predict", str(day)])
        envelope = envelope_of(day, UPDATE if is_update else PREDICT, tenant=tenant)
        envelope["items"][0]["text"] = f"sleep:{chance.uniform(SHORTEST_S, LONGEST_S):.2f} {name}"
        yield name, envelope


def model_verdict(chaos: Chaos, ids: list[str]) -> list[str]:
    """List what is wrong: a chain that is broken, a comment that was not counted, or counted twice."""
    wrong = []
    with chaos.server.client() as client:
        results = {
            job_id: json.loads(client.hget(f"{KEY}:{job_id}", "returnvalue") or "{}")
            for job_id in ids
            if _SEPARATOR in job_id
        }
    for tenant in TENANTS:
        own = {job_id: result for job_id, result in results.items() if job_id.startswith(tenant.replace("-", ""))}
        if own:
            wrong += _wrong_of(chaos, tenant, own)
    return wrong


def _wrong_of(chaos: Chaos, tenant: str, results: dict[str, Any]) -> list[str]:
    log = list(reversed(ModelStore(str(chaos.store)).activations(tenant)))
    updates = sorted(job_id for job_id in results if f"{_SEPARATOR}update{_SEPARATOR}" in job_id)
    wrong = []
    if [entry.seq for entry in log] != list(range(1, len(log) + 1)):
        wrong.append(f"{tenant} has a gap in its activations")
    if [entry.parent for entry in log] != [None, *(entry.version for entry in log)][:-1]:
        wrong.append(f"{tenant} has a broken chain of versions")
    if sorted(entry.job_id.partition("#")[0] for entry in log) != updates:
        wrong.append(f"{tenant} has other activations than updates")
    if seen_by(chaos.store, tenant) != N_PER_DAY * len(updates):
        wrong.append(f"{tenant} has counted {seen_by(chaos.store, tenant)} comments, not {N_PER_DAY * len(updates)}")
    version_of = {entry.job_id.partition("#")[0]: entry.version for entry in log}
    for job_id, result in sorted(results.items()):
        version = result.get("model", {}).get("version")
        if job_id in updates and version != version_of.get(job_id):
            wrong.append(f"{job_id} has the result of version {version}, not of {version_of.get(job_id)}")
        if job_id not in updates and version is not None and version not in version_of.values():
            wrong.append(f"{job_id} was predicted by version {version}, which was never active")
    return wrong

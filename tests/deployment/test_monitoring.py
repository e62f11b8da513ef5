"""Alert rules by promtool and its unit tests; every metric that rules and dashboard name is one that exists."""

import json
import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest
import yaml

from tests.deployment.files import DOCKER, check, dashboard, system_tool
from worker.compute.compute import Compute, Ending
from worker.compute.messages import Vitals
from worker.operations.prometheus_metrics import Telemetry

PROMETHEUS = DOCKER / "prometheus"
RULES = PROMETHEUS / "rules.yaml"

KINDS_OF_JOB = {"topic-model", "topic-model.update", "topic-model.predict", "topic-model.rebuild", "topic-model.tune"}
OUTCOMES = {
    "completed",
    "failed",
    "skipped",
    "raised",
    "timed_out",
    "handed_back",
    "cancelled",
    "lost",
    "stalled",
    "unreadable",
}
# What the worker exports, with the values that its labels take.
EXPORTED: dict[str, dict[str, set[str]]] = {
    "topic_model_build_info": {},
    "topic_model_jobs_total": {"kind": KINDS_OF_JOB, "outcome": OUTCOMES},
    "topic_model_stalled_jobs_total": {},
    "topic_model_orphans_handed_back_total": {},
    "topic_model_job_duration_seconds": {
        "kind": KINDS_OF_JOB,
        # A job that stalled out was not taken.
        "outcome": OUTCOMES - {"stalled", "unreadable"},
    },
    "topic_model_stage_duration_seconds": {
        "kind": KINDS_OF_JOB,
        "stage": {
            "validate",
            "embed",
            "load",
            "neighbours",
            "reduce",
            "cluster",
            "represent",
            "evaluate",
            "assign",
            "keep",
            "try",
        },
    },
    "topic_model_items_total": {"kind": KINDS_OF_JOB},
    "topic_model_job_data_bytes": {"kind": KINDS_OF_JOB},
    "topic_model_queue_jobs": {"state": {"wait", "active", "delayed", "prioritized", "paused", "completed", "failed"}},
    "topic_model_running_jobs": {},
    "topic_model_batch_started_timestamp_seconds": {},
    "topic_model_alive": {},
    "topic_model_redis_up": {},
    "topic_model_redis_memory_bytes": {},
    "topic_model_redis_maxmemory_bytes": {},
    "topic_model_job_timeout_seconds": {},
    "topic_model_last_success_timestamp_seconds": {},
    "topic_model_lock_renewals_total": {"result": {"ok", "failed"}},
    "topic_model_compute_restarts_total": {
        "reason": {"crashed", "silent", "poisoned", "timed_out", "cancelled", "retired"}
    },
    "topic_model_compute_resident_memory_bytes": {},
    "topic_model_cuda_memory_bytes": {"state": {"allocated", "reserved"}},
    "topic_model_store_duration_seconds": {"operation": {"find", "read", "write", "activate", "delete"}},
    "topic_model_store_errors_total": {"operation": {"find", "read", "write", "activate", "delete"}},
    "topic_model_models_kept_total": {"kind": KINDS_OF_JOB - {"topic-model.predict", "topic-model.tune"}},
    "topic_model_activations_lost_total": {},
    "topic_model_versions_removed_total": {},
    "topic_model_drift_level": {"kind": {"topic-model.update"}},
    "topic_model_active_model_timestamp_seconds": {"tenant": {"campus-3"}},
    "topic_model_log_lines_lost_total": {},
    "topic_model_encoder_cache_total": {"result": {"hit", "miss"}},
}
# The series that a histogram is exported as.
SERIES = re.compile(r"_(bucket|sum|count)$")
HISTOGRAMS = {
    "topic_model_job_data_bytes",
    "topic_model_job_duration_seconds",
    "topic_model_stage_duration_seconds",
    "topic_model_store_duration_seconds",
}


def expressions() -> Iterator[tuple[str, str]]:
    """Give (its place, PromQL) of each alert, panel and variable."""
    for group in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]
    yield from shown()


def shown() -> Iterator[tuple[str, str]]:
    """Give (its place, PromQL) of each panel and variable."""
    parsed = dashboard()
    for panel in parsed["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for variable in parsed["templating"]["list"]:
        yield variable["name"], variable.get("definition", "")


def test_the_list_above_is_what_the_worker_exports() -> None:
    """Names and label values are those of the worker's own registry, no more and no less."""
    vitals = Vitals(cache_hits=1, cache_misses=1, cuda_allocated_bytes=1, cuda_reserved_bytes=1)
    telemetry = Telemetry(job_timeout_s=300, n_tenants=1)
    telemetry.on_result("topic-model", {"model": {"tenant": "campus-3", "version": "20260321_103500"}})
    model = {"tenant": "campus-3", "version": "20260321_103500"}
    telemetry.on_result("topic-model.update", {"model": model, "drift": {"level": "HIGH", "enough": True}})
    compute = SimpleNamespace(restarts=dict.fromkeys(Ending, 0), vitals=vitals, batch_started_at=0.0, resident_bytes=1)
    telemetry.watch(cast(Compute, compute), lambda: True)
    telemetry.on_ready("cpu", "corpus")
    telemetry.on_queue(dict.fromkeys(EXPORTED["topic_model_queue_jobs"]["state"], 0))
    exported: dict[str, dict[str, set[str]]] = {}
    for family in telemetry.registry.collect():
        if family.name.startswith("process_"):
            continue
        suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
        labels = exported.setdefault(family.name + suffix, {})
        for sample in family.samples:
            for label in set(sample.labels) - {"le", "version", "device", "encoder"}:
                labels.setdefault(label, set()).add(sample.labels[label])
    assert exported == EXPORTED


def test_rules_and_their_tests_pass() -> None:
    """Promtool accepts the rules, and each alert fires and stays silent as its unit tests say."""
    promtool = system_tool("promtool", "prometheus")
    check(promtool, "check", "rules", str(RULES))
    check(promtool, "test", "rules", str(PROMETHEUS / "rules.test.yaml"))


def test_every_alert_has_a_unit_test_in_which_it_fires() -> None:
    """No alert is there that no test has seen."""
    alerts = {rule["alert"] for g in yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"] for rule in g["rules"]}
    tests = yaml.safe_load((PROMETHEUS / "rules.test.yaml").read_text(encoding="utf-8"))["tests"]
    fired = {case["alertname"] for test in tests for case in test["alert_rule_test"] if case.get("exp_alerts")}
    assert fired == alerts


@pytest.mark.parametrize(("place", "expression"), list(expressions()), ids=[place for place, _ in expressions()])
def test_metrics_and_label_values_exist(place: str, expression: str) -> None:
    """Rules and panels name no metric, and select no label value, that the worker does not export."""
    for name, selector in re.findall(r"(topic_model_\w+)(\{[^}]*\})?", expression):
        metric = name if name in EXPORTED else SERIES.sub("", name)
        assert metric in EXPORTED, f"{place}: {name}"
        assert (metric != name) == (metric in HISTOGRAMS), f"{place}: {name}"
        for label, operator, values in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', selector):
            if label in {"job", "namespace", "instance"}:
                continue
            known = EXPORTED[metric][label]
            assert set(values.split("|")) <= known, f"{place}: {label}{operator}{values}"


def test_the_dashboard_can_be_imported() -> None:
    """Ids are unique, panels do not overlap, and all ask the data source that the reader chooses."""
    parsed = dashboard()
    ids = [panel["id"] for panel in parsed["panels"]]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in parsed["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + i, place["y"] + j) for i in range(place["w"]) for j in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells
        assert panel["datasource"]["uid"] == "${datasource}"
    assert "${DS_" not in json.dumps(parsed)


def test_what_an_operator_asks_is_on_the_dashboard() -> None:
    """Each exported metric is shown somewhere, so that none is collected for nobody."""
    on_it = " ".join(expression for _, expression in shown())
    assert not [name for name in EXPORTED if name not in on_it]

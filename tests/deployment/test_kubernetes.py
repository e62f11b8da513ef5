"""The manifests by Kubernetes' schemas, by their promises, and KEDA's sum against a real queue."""

import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import kubernetes_validate
import pytest
import yaml
from bullmq import Queue
from redis.asyncio import Redis

from tests.deployment.files import (
    DOCKER,
    KUBERNETES,
    MIN_MARGIN_S,
    SETTINGS,
    check,
    duration_s,
    manifest,
    manifests,
    settings_env,
    system_tool,
)
from tests.redis_server import RedisServer
from worker.settings import Settings

# The oldest that is still supported anywhere, and the newest that the schemas know.
VERSIONS = ["1.30", "1.37"]
OURS = [document for document in manifests() if not document["apiVersion"].startswith(("keda.sh/", "monitoring."))]
POD = manifest("Deployment")["spec"]["template"]["spec"]
CONFIGURATION = settings_env()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("document", OURS, ids=[document["kind"] for document in OURS])
def test_manifests_fit_the_schemas(document: dict[str, Any], version: str) -> None:
    """Every manifest of Kubernetes' own is valid by its strict schema: no key that it does not know."""
    kubernetes_validate.validate(document, version, strict=True)


def test_a_misspelt_key_would_be_found() -> None:
    """The schema check can fail."""
    wrong = manifest("Deployment") | {"spec": manifest("Deployment")["spec"] | {"replica": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_kustomize_builds_what_is_there() -> None:
    """`kubectl apply -k` would apply all but the example secret and what needs an operator, from one image."""
    kubectl = system_tool("kubectl", "kubernetes-client")
    built = list(yaml.safe_load_all(check(kubectl, "kustomize", str(KUBERNETES))))
    assert {d["kind"] for d in built} == {d["kind"] for d in manifests()} - {"Secret", "PodMonitor"} | {"ConfigMap"}
    (configuration,) = [d for d in built if d["kind"] == "ConfigMap"]
    assert configuration["data"] == CONFIGURATION
    kubernetes_validate.validate(configuration, VERSIONS[-1], strict=True)
    (deployment,) = [d for d in built if d["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    images = {container["image"] for container in pod["containers"]}
    assert len(images) == 1
    assert ":" in images.pop()


def test_a_changed_setting_restarts_the_pods(tmp_path: Path) -> None:
    """The pods name the ConfigMap by a hash of its content, so that another content is another pod."""
    kubectl = system_tool("kubectl", "kubernetes-client")

    def name_in_pod() -> str:
        built = yaml.safe_load_all(check(kubectl, "kustomize", str(copied)))
        (deployment,) = [d for d in built if d["kind"] == "Deployment"]
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        (source,) = [source for source in container["envFrom"] if "configMapRef" in source]
        return str(source["configMapRef"]["name"])

    copied = Path(shutil.copytree(KUBERNETES, tmp_path / "kubernetes"))
    before = name_in_pod()
    settings = copied / "settings.env"
    settings.write_text(settings.read_text(encoding="utf-8").replace("INFO", "DEBUG"), encoding="utf-8")
    assert name_in_pod() != before
    assert before.startswith("topic-model-worker-")


def test_the_network_policy_lets_through_what_is_needed() -> None:
    """The policy means the Deployment's pods; Prometheus may scrape, and Redis and DNS can be reached."""
    policy = manifest("NetworkPolicy")["spec"]
    labels = manifest("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert policy["podSelector"]["matchLabels"].items() <= labels.items()
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    (container,) = POD["containers"]
    ports = {port["port"] for rule in policy["ingress"] for port in rule["ports"]}
    assert ports == {port["name"] for port in container["ports"]}
    asking = [peer for rule in policy["ingress"] for peer in rule.get("from", ["everybody"])]
    assert asking == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
    address = urlsplit(manifest("Secret")["stringData"]["REDIS_URL"])
    reached = {(port["port"], port["protocol"]) for rule in policy["egress"] for port in rule["ports"]}
    assert {(address.port, "TCP"), (53, "UDP"), (53, "TCP")} <= reached


def test_the_keys_of_a_bucket_reach_the_worker() -> None:
    """If there is such a Secret; its name is the one that the settings tell of."""
    (container,) = POD["containers"]
    secrets = [source["secretRef"] for source in container["envFrom"] if "secretRef" in source]
    assert secrets == [{"name": "topic-model-store", "optional": True}]
    assert "Secret topic-model-store" in (DOCKER / "kubernetes" / "settings.env").read_text(encoding="utf-8")


def test_a_private_ca_reaches_worker_and_keda() -> None:
    """The secret's CA is KEDA's `ca`, and a file in the pod at the path that the example names."""
    references = manifest("TriggerAuthentication")["spec"]["secretTargetRef"]
    (key,) = [reference["key"] for reference in references if reference["parameter"] == "ca"]
    (volume,) = [volume["secret"] for volume in POD["volumes"] if volume["name"] == "redis-ca"]
    assert volume["optional"] is True
    assert [item["key"] for item in volume["items"]] == [key]
    (container,) = POD["containers"]
    (mount,) = [mount for mount in container["volumeMounts"] if mount["name"] == "redis-ca"]
    path = f"{mount['mountPath']}/{volume['items'][0]['path']}"
    assert f"?ssl_ca_certs={path}" in (KUBERNETES / "secret.example.yaml").read_text(encoding="utf-8")
    url = f"rediss://redis.example.com:6379?ssl_ca_certs={path}"
    assert Redis.from_url(url).connection_pool.connection_kwargs["ssl_ca_certs"] == path


def test_a_stopped_pod_finishes_its_job() -> None:
    """The grace period covers the longest job, the pod's time covers the grace period, and some time is left."""
    settings = Settings.from_environment(CONFIGURATION)
    assert settings.shutdown_grace_ms >= settings.timeout_ms
    assert POD["terminationGracePeriodSeconds"] >= settings.shutdown_grace_ms / 1000 + MIN_MARGIN_S


def test_every_variable_is_a_setting() -> None:
    """What the manifests set, the worker or its libraries read; Redis's address comes from the secret."""
    (container,) = POD["containers"]
    names = {variable["name"] for variable in container["env"]}
    assert set(CONFIGURATION) <= SETTINGS
    assert names <= SETTINGS | {"OMP_NUM_THREADS"}
    (url,) = [variable for variable in container["env"] if variable["name"] == "REDIS_URL"]
    assert url["valueFrom"]["secretKeyRef"]["key"] in manifest("Secret")["stringData"]


def test_pods_have_no_privileges() -> None:
    """Not root, no capability, a read-only root, seccomp, no token; only volumes can be written to."""
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert POD["automountServiceAccountToken"] is False
    for container in POD["containers"]:
        context = container["securityContext"]
        assert context["readOnlyRootFilesystem"] is True
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
    (worker,) = POD["containers"]
    assert {"/tmp"} == {mount["mountPath"] for mount in worker["volumeMounts"] if not mount.get("readOnly")}


def test_probes_do_not_restart_for_redis() -> None:
    """Only readiness asks for Redis; what can restart a pod asks whether the process lives."""
    (worker,) = POD["containers"]
    assert worker["startupProbe"]["httpGet"]["path"] == "/livez"
    assert worker["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert worker["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_the_selectors_meet() -> None:
    """Deployment, disruption budget and ScaledObject mean the same pods."""
    deployment = manifest("Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert manifest("PodDisruptionBudget")["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert manifest("ScaledObject")["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    assert "replicas" not in deployment["spec"]


def test_prometheus_finds_the_pods_by_the_name_that_alerts_go_by() -> None:
    """The PodMonitor means the Deployment's pods and the port of their probes, and names the job as the rules do."""
    monitor = manifest("PodMonitor")["spec"]
    labels = manifest("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert monitor["selector"]["matchLabels"].items() <= labels.items()
    (endpoint,) = monitor["podMetricsEndpoints"]
    (container,) = POD["containers"]
    assert endpoint["port"] in {port["name"] for port in container["ports"]}
    job = labels[monitor["jobLabel"]]
    assert f'up{{job="{job}"}}' in (DOCKER / "prometheus" / "rules.yaml").read_text(encoding="utf-8")


def test_keda_reads_the_secret_that_the_example_shows() -> None:
    """Each key that KEDA and the pod want is in the example."""
    references = manifest("TriggerAuthentication")["spec"]["secretTargetRef"]
    assert {reference["name"] for reference in references} == {manifest("Secret")["metadata"]["name"]}
    assert {reference["key"] for reference in references} <= set(manifest("Secret")["stringData"])


def test_keda_looks_at_the_queue_of_the_pods() -> None:
    """The formula adds each trigger up, and each trigger's list belongs to the queue that the pods consume."""
    spec = manifest("ScaledObject")["spec"]
    names = {trigger["name"]: trigger["metadata"]["listName"] for trigger in spec["triggers"]}
    settings = Settings.from_environment(CONFIGURATION)
    queue = f"{settings.bullmq_prefix}:{settings.queue_name}"
    assert names == {name: f"{queue}:{name}" for name in names}
    formula = spec["advanced"]["scalingModifiers"]["formula"]
    assert sorted(re.findall(r"\w+", formula)) == sorted(names)
    assert set(re.sub(r"[\w ]", "", formula)) == {"+"}
    assert spec["minReplicaCount"] == 0


async def test_kedas_sum_is_what_is_unfinished(redis_server: RedisServer, queue_name: str) -> None:
    """Of waiting, prioritized, delayed, running and finished jobs of a real queue, all but the finished are counted."""
    triggers = manifest("ScaledObject")["spec"]["triggers"]
    prefix = "faculytics:bull"
    client = Redis.from_url(redis_server.url, decode_responses=True)
    queue = Queue(queue_name, {"connection": redis_server.url, "prefix": prefix})
    try:
        assert await _unfinished(client, triggers, queue_name) == 0
        await queue.add("topic-model", {}, {})
        await queue.add("topic-model", {}, {})
        await queue.add("topic-model", {}, {"priority": 3})
        await queue.add("topic-model", {}, {"delay": 3_600_000})
        assert await _unfinished(client, triggers, queue_name) == 4
        key = f"{prefix}:{queue_name}"
        await client.lmove(f"{key}:wait", f"{key}:active", "RIGHT", "LEFT")
        assert await _unfinished(client, triggers, queue_name) == 4
        await client.lrem(f"{key}:active", 1, (await client.lrange(f"{key}:active", 0, 0))[0])
        assert await _unfinished(client, triggers, queue_name) == 3
    finally:
        await queue.close()
        await client.aclose()


async def _unfinished(client: Redis, triggers: list[dict[str, Any]], queue_name: str) -> int:
    # KEDA takes LLEN or ZCARD, by the key's type (its redis scaler, 2.12 and later).
    total = 0
    for trigger in triggers:
        key = trigger["metadata"]["listName"].replace(":topic-model:", f":{queue_name}:")
        kind = await client.type(key)
        total += await (client.zcard(key) if kind == "zset" else client.llen(key))
    return total


def test_the_alert_on_a_stuck_queue_waits_for_the_longest_job() -> None:
    """One job that is computed after an idle time triggers nothing: `for` is twice the longest job."""
    groups = yaml.safe_load((DOCKER / "prometheus" / "rules.yaml").read_text(encoding="utf-8"))["groups"]
    rules = {rule["alert"]: rule for group in groups for rule in group["rules"]}
    waited_s = duration_s(rules["TopicModelNotConsuming"]["for"])
    assert waited_s >= 2 * Settings.from_environment(CONFIGURATION).timeout_ms / 1000

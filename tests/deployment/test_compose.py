"""The compose file by its schema and by its promises; what it starts, started here without Docker."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.acceptance.processes import WorkerProcess
from tests.deployment.dockerfile import Dockerfile
from tests.deployment.files import (
    BULL_BOARD,
    DOCKER,
    MIN_MARGIN_S,
    PROJECT,
    SETTINGS,
    check,
    duration_s,
    pip_tool,
    read_yaml,
)
from tests.redis_server import RedisServer
from worker.settings import Settings

COMPOSE = DOCKER / "compose.yaml"
BATCH = PROJECT / "examples" / "batch.json.gz"
START_TIMEOUT_S = 30.0


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    """Give the services of the compose file, its anchors resolved."""
    parsed: dict[str, Any] = read_yaml(COMPOSE)["services"]
    return parsed


def test_compose_file_fits_the_specification() -> None:
    """The file is valid by the compose specification's own schema."""
    check(pip_tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(COMPOSE))


def test_redis_evicts_nothing_and_survives_a_restart(services: dict[str, Any]) -> None:
    """Redis runs with noeviction and AOF on a volume, and the others wait until it answers."""
    command = services["redis"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"
    assert command[command.index("--appendonly") + 1] == "yes"
    assert services["redis"]["volumes"]
    for name in ("worker-cpu", "worker-gpu", "bull-board"):
        assert services[name]["depends_on"]["redis"]["condition"] == "service_healthy"


def test_kept_models_survive_a_container(services: dict[str, Any]) -> None:
    """A volume lies where the image keeps models."""
    image = Dockerfile(DOCKER / "Dockerfile")
    folder = image.environment(image.last.name, FLAVOUR="cpu")["MODEL_STORE"]
    for name in ("worker-cpu", "worker-gpu"):
        assert f"models:{folder}" in services[name]["volumes"]


def test_images_are_pinned_by_digest(services: dict[str, Any]) -> None:
    """An image that is not built here is named by version and digest."""
    images = [service["image"] for service in services.values() if "build" not in service]
    assert images
    assert all(re.fullmatch(r"\w+:\d+\.\d+\.\d+-\w+@sha256:[0-9a-f]{64}", image) for image in images)


def test_the_index_of_wheels_is_a_build_secret(services: dict[str, Any]) -> None:
    """Its address may hold credentials: it is given as a secret, and never as an argument or a variable."""
    assert services["worker-cpu"]["build"]["secrets"] == ["torch_index_url"]
    assert read_yaml(COMPOSE)["secrets"] == {"torch_index_url": {"environment": "TORCH_INDEX_URL"}}
    for service in services.values():
        build = service.get("build", {})
        assert not [name for name in build.get("args", {}) if "INDEX" in name]


def test_workers_have_time_to_hand_back(services: dict[str, Any]) -> None:
    """Docker waits for longer than SHUTDOWN_GRACE_MS before it kills, with time for the hand-back."""
    for name in ("worker-cpu", "worker-gpu"):
        grace_ms = int(services[name]["environment"].get("SHUTDOWN_GRACE_MS", Settings().shutdown_grace_ms))
        assert duration_s(services[name]["stop_grace_period"]) >= grace_ms / 1000 + MIN_MARGIN_S


def test_workers_differ_by_flavour_and_nothing_else(services: dict[str, Any]) -> None:
    """Each profile starts one worker of its flavour, with settings that exist."""
    gpu = services["worker-gpu"]
    assert gpu["profiles"] == ["gpu"]
    assert gpu["build"]["args"] == {"FLAVOUR": "cuda"}
    assert "gpu" in gpu["deploy"]["resources"]["reservations"]["devices"][0]["capabilities"]
    cpu = services["worker-cpu"]
    assert cpu["profiles"] == ["cpu"]
    assert cpu["build"]["args"] == {"FLAVOUR": "cpu"}
    assert cpu["environment"] == gpu["environment"]
    assert set(cpu["environment"]) <= SETTINGS


@pytest.fixture(scope="module")
def bull_board() -> str:
    """Install Bull Board by its image's own RUN line; give its start command."""
    file = Dockerfile(BULL_BOARD / "Dockerfile")
    ((_, install),) = file.commands()
    done = subprocess.run(install.split(), cwd=BULL_BOARD, check=False, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    (start,) = file.last.all("CMD")
    return start


@pytest.fixture
def board_process(bull_board: str, redis_server: RedisServer, queue_name: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Start Bull Board on a queue; give its address and its environment."""
    environment = os.environ | {"REDIS_URL": redis_server.url, "TOPIC_MODEL_QUEUE": queue_name, "PORT": "0"}
    process = subprocess.Popen(
        json.loads(bull_board), cwd=BULL_BOARD, env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("bull board on port "), line
    yield f"http://127.0.0.1:{line.split()[4].rstrip(',')}", environment
    process.terminate()
    assert process.wait(START_TIMEOUT_S) == 0
    process.stdout.close()


def enqueue(file: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run what the compose file's second line runs, and wait for it."""
    return subprocess.run(
        ["node", "enqueue.mjs", str(file)],
        cwd=BULL_BOARD,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=200,
    )


@pytest.mark.slow
def test_the_example_is_computed_and_shown(
    board_process: tuple[str, dict[str, str]], redis_server: RedisServer, queue_name: str, tmp_path: Path
) -> None:
    """`enqueue.mjs` prints a worker's topics, or why it refused; Bull Board shows the job, its data cut short."""
    address, environment = board_process
    bad = tmp_path / "bad.json"
    bad.write_text('{"items": []}', encoding="utf-8")
    # Its engine finds one topic in any batch; the real one, through a queue, is what tests/acceptance is for.
    engine = {"TOPIC_MODEL_TEST_ENGINE": "tests.compute.engines.faults:succeeds"}
    worker = WorkerProcess(REDIS_URL=redis_server.url, TOPIC_MODEL_QUEUE=queue_name, **engine)
    try:
        done, refused = enqueue(BATCH, environment), enqueue(bad, environment)
    finally:
        assert worker.stop() == 0
    assert done.returncode == 0, done.stderr
    assert "284 items" in done.stdout
    assert "topic 0: " in done.stdout
    assert refused.returncode == 1
    assert refused.stderr.startswith("the job did not complete: ")
    with urlopen(f"{address}/api/queues?activeQueue={queue_name}&status=completed", timeout=10) as answer:
        (queue,) = json.load(answer)["queues"]
    items = max((job["data"]["items"] for job in queue["jobs"]), key=len)
    assert [len(items), items[-1], items[0]["embedding"][-1]] == [4, "… 284 items", "… 768 numbers"]

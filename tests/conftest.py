"""What every layer of tests shares."""

import gc
import uuid
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.processes import WorkerProcess
from tests.browser import CHROMIUM
from tests.effort import MOST_CPU_S, cpu_s, effort
from tests.environment import is_measured, share_the_cores
from tests.redis_server import RedisServer
from tests.s3_server import S3Server

# Before any test imports numpy or torch.
share_the_cores()

TESTS = Path(__file__).parent
# Their tests start workers, wait for locks that expire, or compile: `make quick` leaves them out.
SLOW_FOLDERS = (TESTS / "acceptance" / "faults", TESTS / "integration")
# Of the real worker that several modules share.
PREFIX = "faculytics:bull"
QUEUE = "topic-model"
SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object | None:
    """With `--dist loadgroup`, let tests that share something costly run in one process."""
    if config.getoption("dist") != "loadgroup":
        return None
    from tests.sharing import SharingScheduling

    return SharingScheduling(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without the garbage collector: a million objects are made that stay, among them torch's."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)  # before -m deselects
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect, and say so, what this machine cannot run: without a GPU, the corpora, a browser."""
    import torch

    for item in items:
        if any(item.path.is_relative_to(folder) for folder in SLOW_FOLDERS):
            item.add_marker(pytest.mark.slow)
    missing = {
        "cuda": not torch.cuda.is_available(),
        "shared": not (SHARED / "data").is_dir(),
        # Minutes of work that a checkout without the corpora beside it cannot do.
        "corpora": not (SHARED / "data").is_dir() or not effort(0, soak=1),
        "browser": CHROMIUM is None,
    }
    left_out = [item for item in items if any(missing[name] and item.get_closest_marker(name) for name in missing)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    for name, is_missing in missing.items():
        n = sum(item.get_closest_marker(name) is not None for item in left_out)
        if is_missing:
            reason = "`make soak` runs them if the corpora are here" if name == "corpora" else f"{name} is not here"
            print(f"\n{n} tests marked '{name}' deselected: {reason}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that takes long and is not marked so, lest `make quick` grow slow by one test after the other."""
    before_s = cpu_s()
    result = yield
    if cpu_s() - before_s > MOST_CPU_S and not (item.get_closest_marker("slow") or effort(0, soak=1) or is_measured()):
        pytest.fail(f"it took {cpu_s() - before_s:.1f} s of CPU: mark it slow, or let it do less", pytrace=False)
    return result


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Give a real Redis that all tests of a session share; each has a queue of its own."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def real_worker(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    """Give one warm worker with the real engine; its tests are one of the groups in `tests/sharing.py`."""
    process = WorkerProcess(
        REDIS_URL=redis_server.url,
        BULLMQ_PREFIX=PREFIX,
        TOPIC_MODEL_QUEUE=QUEUE,
        MODEL_STORE=str(tmp_path_factory.mktemp("models")),
    )
    process.wait_for("worker_ready")
    yield process
    assert process.stop() == 0


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Give a real S3 server that all tests of a session share."""
    server = S3Server(tmp_path_factory.mktemp("s3"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """Give a real Redis of one test's own, to be stopped and frozen."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def queue_name() -> str:
    """Name a queue that no other test uses."""
    return f"topic-model-{uuid.uuid4().hex[:8]}"

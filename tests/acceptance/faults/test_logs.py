"""A log that cannot be written: its lines are lost, the jobs are not."""

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.faults.conftest import PREFIX, batch
from tests.acceptance.faults.engine import FOLDER, Record
from tests.acceptance.processes import PROJECT, Producer
from tests.environment import clean_environment
from tests.probes import Probes
from tests.redis_server import RedisServer, free_port

StartQuiet = Callable[..., "tuple[subprocess.Popen[bytes], Probes]"]


@pytest.fixture
def start_quiet(own_redis: RedisServer, record: Record) -> Iterator[StartQuiet]:
    """Start workers whose streams a test gives, and wait until they are ready."""
    started: list[subprocess.Popen[bytes]] = []

    def start(shell: str = 'exec "$@"', stderr: int | None = None) -> tuple[subprocess.Popen[bytes], Probes]:
        port = free_port()
        variables = {
            "REDIS_URL": own_redis.url,
            "BULLMQ_PREFIX": PREFIX,
            "KEYWORD_ENCODER": "corpus",
            "LOG_FORMAT": "json",
            "HEALTH_PORT": str(port),
            "PYTHONWARNINGS": "always",
            "TOPIC_MODEL_TEST_ENGINE": "tests.acceptance.faults.chatty:run",
            FOLDER: str(record.folder),
        }
        command = ["sh", "-c", shell, "sh", sys.executable, "-m", "worker"]
        process = subprocess.Popen(command, cwd=PROJECT, env=clean_environment(**variables), stderr=stderr)
        started.append(process)
        probes = Probes(port)
        deadline_s = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                if probes.get("/readyz")[0] == 200:
                    return process, probes
            assert process.poll() is None, f"it ended with {process.returncode}"
            assert time.monotonic() < deadline_s
            time.sleep(0.05)

    yield start
    for process in started:
        process.kill()
        process.wait()


def _still_works(process: subprocess.Popen[bytes], producer: Producer, record: Record) -> None:
    """Expect jobs to be done at their first attempt, one after the other, and a clean end."""
    for name in ("first", "second"):
        record.let_go(name)
        job = producer.run(batch(f"wait {name}"))
        assert (job["state"], job["attemptsMade"]) == ("completed", 1), job
    process.terminate()
    assert process.wait(60) == 0


def test_the_reader_of_the_log_is_gone(start_quiet: StartQuiet, producer: Producer, record: Record) -> None:
    """Each line would raise a broken pipe, in the worker and in the compute process, where a library prints too."""
    read_end, write_end = os.pipe()
    process, probes = start_quiet(stderr=write_end)
    os.close(write_end)
    os.close(read_end)
    before = probes.samples()["topic_model_log_lines_lost_total"]
    record.let_go("counted")
    assert producer.run(batch("wait counted"))["attemptsMade"] == 1
    assert probes.samples()["topic_model_log_lines_lost_total"] > before
    _still_works(process, producer, record)


def test_the_disk_of_the_log_is_full(start_quiet: StartQuiet, producer: Producer, record: Record) -> None:
    """Each write is answered with ENOSPC, from the first line on."""
    process, _ = start_quiet('exec "$@" > /dev/full 2> /dev/full')
    _still_works(process, producer, record)


def test_the_reader_of_the_log_reads_no_more(start_quiet: StartQuiet, producer: Producer, record: Record) -> None:
    """The pipe is full: a line that waits for it would stop the event loop, and with it the renewal of locks."""
    read_end, write_end = os.pipe()
    process, probes = start_quiet(stderr=write_end)
    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(write_end, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(write_end, b"x" * 4096)
    os.set_blocking(write_end, True)
    record.let_go("stuck")
    assert producer.run(batch("wait stuck"))["attemptsMade"] == 1
    assert probes.samples()["topic_model_log_lines_lost_total"] > 0
    _still_works(process, producer, record)
    os.close(read_end)
    os.close(write_end)


@pytest.mark.parametrize("closed", ["2>&-", "0<&- 1>&- 2>&-"])
def test_streams_that_are_closed_from_the_start(
    start_quiet: StartQuiet, producer: Producer, record: Record, closed: str
) -> None:
    """No socket and no pipe gets the number of a standard stream, to be written to by a print."""
    process, _ = start_quiet(f'exec "$@" {closed}')
    _still_works(process, producer, record)

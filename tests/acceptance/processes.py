"""The worker and Node producers as real processes."""

import atexit
import contextlib
import itertools
import json
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, ClassVar

from tests.environment import clean_environment, is_measured

NODE_PROJECT = Path(__file__).parent / "node"
PROJECT = Path(__file__).resolve().parent.parent.parent
EVENT_TIMEOUT_S = 120.0
SAVE_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_S = 300.0
CLOSE_TIMEOUT_S = 5.0


class WorkerProcess:
    """`python -m worker` and its log, read line by line as it comes."""

    def __init__(self, *, has_log: bool = True, **variables: str) -> None:
        """Start it with these settings over a clean environment; without a log, nobody reads its stderr."""
        defaults = {"KEYWORD_ENCODER": "corpus", "LOG_FORMAT": "json", "HF_HUB_OFFLINE": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "worker"],
            env=clean_environment(**(defaults | variables)),
            cwd=PROJECT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        if not has_log:
            assert self.process.stderr is not None
            self.process.stderr.close()
        self.events: list[dict[str, Any]] = []
        self.raw: list[str] = []
        self._arrived = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        if self.process.stderr.closed:
            return
        with self.process.stderr as log:
            for line in log:
                with self._arrived:
                    self.raw.append(line)
                    if line.startswith("{"):
                        self.events.append(json.loads(line))
                    self._arrived.notify_all()

    def wait_for(self, event: str, *, timeout_s: float = EVENT_TIMEOUT_S, **fields: object) -> dict[str, Any]:
        """Wait for a log event with these fields, which may be there already."""
        deadline = time.monotonic() + timeout_s

        def matching() -> list[dict[str, Any]]:
            return [e for e in self.events if e["event"] == event and fields.items() <= e.items()]

        with self._arrived:
            while not matching():
                left = deadline - time.monotonic()
                assert left > 0, f"no event {event} in {timeout_s} s; the log:\n{''.join(self.raw)}"
                assert self._reader.is_alive() or matching(), f"the worker ended; the log:\n{''.join(self.raw)}"
                self._arrived.wait(min(left, 0.5))
            return matching()[0]

    def names(self) -> list[str]:
        """List the names of the events so far."""
        return [event["event"] for event in self.events]

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def wait(self, timeout_s: float = 60.0) -> int:
        """Wait for its end; give the exit code."""
        code = self.process.wait(timeout_s)
        self._reader.join(10)
        return code

    def stop(self) -> int:
        """Ask it to end, and wait; every line it has written was an event."""
        if self.process.poll() is None:
            self.send(signal.SIGTERM)
        code = self.wait()
        strange = [line for line in self.raw if not line.startswith("{")]
        assert not strange, "".join(strange)
        return code

    def kill(self) -> None:
        """End it without asking."""
        self.process.kill()
        self.wait()

    def clear_away(self) -> None:
        """End what a test has left running: at once, or so that coverage is saved if it is measured."""
        if self.process.poll() is None and is_measured():
            for _ in range(2):  # the second signal means now
                self.send(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(SAVE_TIMEOUT_S)
                    break
        if self.process.poll() is None:
            self.process.kill()
        self.wait()


class _Node:
    """A Node process with one of the BullMQ versions, in which all producers of this test process live."""

    running: ClassVar[dict[str, "_Node"]] = {}

    def __init__(self, library: str) -> None:
        """Start it."""
        self._library = library
        self._process = subprocess.Popen(
            ["node", "producer.mjs", library],
            cwd=NODE_PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._answers: dict[int, queue.Queue[dict[str, Any] | None]] = {}
        self._is_broken = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @classmethod
    def of(cls, library: str) -> "_Node":
        """Give the process of a version, started if none runs."""
        node = cls.running.get(library)
        if node is None or node._process.poll() is not None:
            node = cls.running[library] = cls(library)
        return node

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                answer = json.loads(line)
                if (answers := self._answers.get(answer.pop("producer"))) is not None:
                    answers.put(answer)
        for answers in list(self._answers.values()):
            answers.put(None)

    def ask(self, producer: int, do: str, timeout_s: float, **arguments: object) -> dict[str, Any]:
        """Give one command and wait for its answer."""
        answers = self._answers.setdefault(producer, queue.Queue())
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"producer": producer, "do": do} | arguments) + "\n")
        self._process.stdin.flush()
        answer = answers.get(timeout=timeout_s)
        assert answer is not None, f"Node ended instead of answering {do}; its errors are above"
        assert "error" not in answer, answer
        return answer

    def close(self, producer: int) -> None:
        """Close a producer. If its Redis is gone, this process is not used again, and ends with its last producer."""
        try:
            self.ask(producer, "close", CLOSE_TIMEOUT_S)
        except (queue.Empty, AssertionError, BrokenPipeError):
            self._is_broken = True
            if self.running.get(self._library) is self:
                del self.running[self._library]
        del self._answers[producer]
        if self._is_broken and not self._answers:
            self.end()

    def end(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._reader.join(10)
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()


@atexit.register
def _end_nodes() -> None:
    for node in list(_Node.running.values()):
        node.end()


class Producer:
    """A producer as the API is one, with one of the BullMQ versions; its Node process is shared, its queue is not."""

    _numbers = itertools.count()

    def __init__(self, library: str, port: int, queue_name: str, prefix: str = "faculytics:bull") -> None:
        """Open it; `library` is "bullmq-5" or "bullmq-6"."""
        self._node = _Node.of(library)
        self._number = next(self._numbers)
        self.ask("open", port=port, prefix=prefix, queue=queue_name)

    def ask(self, do: str, **arguments: object) -> dict[str, Any]:
        """Give one command and wait for its answer."""
        return self._node.ask(self._number, do, ANSWER_TIMEOUT_S, **arguments)

    def add(self, envelope: dict[str, Any], **options: object) -> str:
        """Enqueue a batch as the API does; give the job's id."""
        metadata = envelope.get("metadata") or {}
        defaults = {
            "jobId": f"{metadata.get('pipelineId', 'none')}--topic-model",
            "attempts": 3,
            "backoff": {"type": "exponential", "delay": 100},
        }
        return str(self.ask("add", data=envelope, opts=defaults | options)["id"])

    def run(self, envelope: dict[str, Any], **options: object) -> dict[str, Any]:
        """Enqueue a batch and wait until BullMQ says that the job is over."""
        return self.ask("wait", id=self.add(envelope, **options))

    def close(self) -> None:
        """Close its connections."""
        self._node.close(self._number)

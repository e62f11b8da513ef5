"""Ask for labels, with one time limit for all of a job; whatever the server does, the job goes on."""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Final

from worker.labels.answer import NoAnswer, read_answer
from worker.labels.line import Line
from worker.labels.naming import Unnamed, settled
from worker.labels.question import question
from worker.labels.service import LabelService
from worker.version import WORKER_VERSION

# Before the second try, if the server does not say how long to wait.
_PAUSE_S: Final = 0.5
# A read or a connection that whoever waits has given up ends so much later by itself, if hanging up does not end it.
_LINGER_S: Final = 5.0
_PASSING: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
# What gateways say that know no JSON Schema.
_REFUSES_SCHEMA: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
_NOT_SET: Final = "labels were asked for, and LABELS_BASE_URL and LABELS_MODEL are not set"
_INSTEAD: Final = "so topics without a label have their rawLabel instead"

Answered = dict[int, str] | NoAnswer


class Labeller:
    """Asks for the labels of one job."""

    def __init__(self, service: LabelService | None, warn: Callable[[str], None]) -> None:
        """Take whom to ask, None for nobody, and what to tell in one line if there are no labels."""
        self._service = service
        self._warn = warn
        self._left_s = service.timeout_s if service is not None else 0.0

    @property
    def wants_samples(self) -> bool:
        """Whether comments may be sent."""
        return self._service is not None and self._service.sends_samples

    def ask(self, topics: Sequence[Unnamed], taken: Iterable[str]) -> dict[int, str]:
        """Give labels by the topics' numbers; those for which there is none are left out. Never raises.

        Args:
            topics: that have no label.
            taken: labels of other topics.
        """
        if not topics:
            return {}
        if self._service is None:
            self._warn(f"{_NOT_SET}, {_INSTEAD}")
            return {}
        answered = self._answered(self._service, topics)
        if isinstance(answered, NoAnswer):
            self._warn(f"the language model of LABELS_BASE_URL gave no labels: {answered}; {_INSTEAD}")
            return {}
        labels = settled(answered, topics, taken)
        if len(labels) < len(topics):
            n = len(topics) - len(labels)
            self._warn(f"the language model gave no usable label for {n} of {len(topics)} topics, {_INSTEAD}")
        return labels

    def _answered(self, service: LabelService, topics: Sequence[Unnamed]) -> Answered:
        """Wait for the answer, but no longer than there is time for."""
        began_s, line = time.monotonic(), Line()
        if self._left_s <= 0:
            return NoAnswer(f"the {service.timeout_s:g} s of LABELS_TIMEOUT_MS are over")
        answers: queue.SimpleQueue[Answered] = queue.SimpleQueue()
        talk = _Talk(service, topics, line, began_s + self._left_s)
        # A daemon: neither this process nor the job waits for a thread that a name server or a server holds up.
        thread = threading.Thread(target=lambda: answers.put(talk.outcome()), daemon=True, name="labels")
        try:
            thread.start()
            return answers.get(timeout=self._left_s)
        except queue.Empty:
            return NoAnswer(f"it did not answer within the {service.timeout_s:g} s of LABELS_TIMEOUT_MS")
        except RuntimeError:
            return NoAnswer("this machine lets the worker start no more threads")
        finally:
            line.hang_up()
            self._left_s -= time.monotonic() - began_s


class _Talk:
    """The requests for one answer: at most one more after an error that passes, and one more without the schema."""

    def __init__(self, service: LabelService, topics: Sequence[Unnamed], line: Line, ends_s: float) -> None:
        self._service = service
        self._topics = topics
        self._line = line
        self._ends_s = ends_s

    def outcome(self) -> Answered:
        try:
            return self._ask()
        except NoAnswer as error:
            return error
        except Exception as error:  # noqa: BLE001 - no answer whatsoever may fail a job
            return NoAnswer(f"its answer cannot be read ({type(error).__name__})")

    def _ask(self) -> dict[int, str]:
        by_schema, is_second = True, False
        while True:
            timeout_s = self._left_s() + _LINGER_S
            reply = self._line.post(self._url, self._headers, self._body(by_schema=by_schema), timeout_s)
            if reply.status == HTTPStatus.OK:
                return read_answer(reply.body)
            if reply.status in _REFUSES_SCHEMA and by_schema:
                by_schema = False
                continue
            passes = reply.status in _PASSING or reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            pause_s = _PAUSE_S if reply.retry_after_s is None else reply.retry_after_s
            if is_second or not passes or pause_s >= self._left_s():
                raise NoAnswer(f"it answered with the status {reply.status}")
            is_second = True
            self._line.wait(pause_s)

    @property
    def _url(self) -> str:
        return f"{self._service.base_url}/chat/completions"

    @property
    def _headers(self) -> dict[str, str]:
        key = self._service.api_key
        authorization = {"Authorization": f"Bearer {key}"} if key else {}
        return {
            "Content-Type": "application/json",
            "Accept": "application/json",
            # The library's own name is refused by some gateways.
            "User-Agent": f"topic-model-worker/{WORKER_VERSION}",
            **authorization,
        }

    def _body(self, *, by_schema: bool) -> bytes:
        return question(self._service, self._topics, by_schema=by_schema)

    def _left_s(self) -> float:
        left_s = self._ends_s - time.monotonic()
        if left_s <= 0:
            raise NoAnswer("the time is over")
        return left_s

"""The model of Redis and a real redis-server side by side."""

import itertools
from types import SimpleNamespace
from typing import Any

import redis
from bullmq.scripts import Scripts

from tests.queue.protocol.model_redis import ModelRedis, ReplyError
from tests.queue.protocol.model_scripts import NAMES, SCRIPTS, TEXTS, digest
from tests.queue.protocol.simulation import EPOCH_S

RUNS = itertools.count()


class Both:
    """Sends each command to the model and to the real server, and compares the answers."""

    def __init__(self, real: redis.Redis) -> None:
        """Begin with an empty queue of its own on either side."""
        self.prefix = f"model-{next(RUNS)}"
        self.now_s = float(EPOCH_S)
        self._real = real
        self._model = ModelRedis(lambda: EPOCH_S * 1000.0, SCRIPTS, lambda *_: None)
        self._load()
        commands = {name: self._sender(name) for name in NAMES.values()}
        self.scripts = Scripts(self.prefix, "q", SimpleNamespace(conn=None, commands=commands))

    def _load(self) -> None:
        for text in TEXTS:
            self.send("SCRIPT", "LOAD", text)

    def send(self, *words: Any) -> Any:
        """Send one command to both."""
        packed = [word if isinstance(word, bytes) else str(word).encode() for word in words]
        try:
            expected = self._real.execute_command(*packed)
        except redis.ResponseError as error:
            expected = ReplyError(str(error))
        try:
            answer = self._model.execute(packed)
        except ReplyError as error:
            answer = error
        assert _plain(answer) == _plain(expected), words
        return answer

    def _sender(self, name: str) -> Any:
        """Give what BullMQ's Scripts calls: it packs the arguments, we send them."""

        async def run(keys: list[str], args: list[Any], client: object = None) -> Any:
            sha = next(sha for sha, other in NAMES.items() if other == name)
            return self.send("EVALSHA", sha, len(keys), *keys, *args)

        return run

    def own(self, text: str, keys: list[str], *arguments: str) -> Any:
        """Send one of the worker's own scripts."""
        return self.send("EVALSHA", digest(text), len(keys), *map(self.scripts.toKey, keys), *arguments)

    def compare(self) -> None:
        """Compare all keys, and which of them expire."""
        self._model.drop_expired()
        real = {key.decode(): self._value(key) for key in self._real.keys(f"{self.prefix}:*")}
        real = {key: value for key, value in real.items() if value}
        model = {key: _comparable(value) for key, value in self._model.values.items()}
        assert model == real
        expiring = {key for key in real if self._real.pttl(key) > 0}
        assert set(self._model.expires_ms) == expiring

    def _value(self, key: bytes) -> Any:
        match self._real.type(key):
            case b"string":
                return self._real.get(key).decode()
            case b"list":
                return [item.decode() for item in self._real.lrange(key, 0, -1)]
            case b"set":
                return dict.fromkeys(sorted(item.decode() for item in self._real.smembers(key)))
            case b"zset":
                return {member.decode(): score for member, score in self._real.zrange(key, 0, -1, withscores=True)}
            case b"hash":
                fields = {name.decode(): value.decode() for name, value in self._real.hgetall(key).items()}
                fields.pop("opts.maxLenEvents", None)  # how long the stream may be: it is left out of the model
                return fields
            case _:
                events = [_words(fields) for _, fields in self._real.xrange(key)]
                return [fields for fields in events if fields["event"] in {"active", "completed", "failed"}]


def _words(fields: dict[bytes, bytes]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in fields.items()}


def _comparable(value: Any) -> Any:
    is_set = isinstance(value, dict) and all(member is None for member in value.values())
    return dict.fromkeys(sorted(value)) if is_set else value


def _plain(answer: Any) -> Any:
    if isinstance(answer, list | tuple):
        return [_plain(item) for item in answer]
    if isinstance(answer, ReplyError):
        return str(answer).split()[0]
    if answer is True:
        return "OK"
    return answer.decode() if isinstance(answer, bytes) else answer

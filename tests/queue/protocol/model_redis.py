"""A Redis of a hundred lines: the commands that the worker and BullMQ's scripts send, on a clock that a test moves.

Compared with a real redis-server in test_model_redis.py. Of the stream of events only those are kept that
the worker reads: active, completed, failed.
"""

# ruff: noqa: D102 - a method do_x is Redis's own command X

from collections.abc import Callable
from hashlib import sha1
from typing import Any

Reply = Any
Script = Callable[["ModelRedis", list[str], list[str]], Reply]
# What the scripts tell of: (what happened, job id, token of the lock).
Listener = Callable[[str, str, str], None]
# What scripts answer instead of doing it.
MISSING_KEY, MISSING_LOCK, NOT_ACTIVE, OTHER_LOCK = -1, -2, -3, -6


class ReplyError(Exception):
    """What Redis answers instead of a value, such as `READONLY ...`."""


class ModelRedis:
    """Keys with their values, and when they expire.

    Attributes:
        values: str, list, dict (a hash), set as a dict of None (in order, so that a run repeats), and
            for the two kinds of sorted set a dict of scores.
        expires_ms: by key, on the clock that was given.
    """

    def __init__(self, now_ms: Callable[[], float], scripts: dict[str, Script], listener: Listener) -> None:
        """Take the clock, the scripts by their sha1, and who is told what scripts did."""
        self.values: dict[str, Any] = {}
        self.expires_ms: dict[str, float] = {}
        self.tell = listener
        self._now_ms = now_ms
        self._scripts = scripts
        self._loaded: set[str] = set()

    def execute(self, words: list[bytes]) -> Reply:
        """Carry out one command; raises ReplyError if Redis would answer with an error."""
        name, *arguments = [word.decode("utf-8", "surrogateescape") for word in words]
        return getattr(self, f"do_{name.lower()}")(*arguments)

    def drop_expired(self) -> None:
        """Forget keys whose time is over, and what is empty, as Redis does."""
        now_ms = self._now_ms()
        for key in [key for key, end_ms in self.expires_ms.items() if end_ms <= now_ms]:
            self.do_del(key)
        for key in [key for key, value in self.values.items() if value in ([], {})]:
            del self.values[key]

    def at(self, key: str, empty: Any = None) -> Any:
        """Give the value at a key; an empty one is put there if there is none."""
        if self.expires_ms.get(key, self._now_ms() + 1) <= self._now_ms():
            self.do_del(key)
        return self.values.get(key) if empty is None else self.values.setdefault(key, empty)

    # Scripts

    def do_script(self, action: str, text: str) -> str:
        assert action.upper() == "LOAD"
        digest = sha1(text.encode(), usedforsecurity=False).hexdigest()
        assert digest in self._scripts, f"the model does not know this script: {text[:400]}"
        self._loaded.add(digest)
        return digest

    def do_evalsha(self, digest: str, n_keys: str, *rest: str) -> Reply:
        if digest not in self._loaded:
            raise ReplyError("NOSCRIPT No matching script. Please use EVAL.")
        return self._scripts[digest](self, list(rest[: int(n_keys)]), list(rest[int(n_keys) :]))

    # The server

    def do_ping(self) -> str:
        return "PONG"

    def do_time(self) -> list[str]:
        seconds, milliseconds = divmod(int(self._now_ms()), 1000)
        return [str(seconds), str(milliseconds * 1000)]

    # Strings and keys

    def do_get(self, key: str) -> str | None:
        value: str | None = self.at(key)
        return value

    def do_mget(self, *keys: str) -> list[str | None]:
        return [self.at(key) for key in keys]

    def do_set(self, key: str, value: str, *options: str) -> str:
        self.values[key] = value
        self.expires_ms.pop(key, None)
        if options:
            self.expires_ms[key] = self._now_ms() + float(options[1])
        return "OK"

    def do_incr(self, key: str) -> int:
        self.values[key] = str(int(self.at(key) or 0) + 1)
        return int(self.values[key])

    def do_exists(self, key: str) -> int:
        return int(bool(self.at(key)))

    def do_del(self, *keys: str) -> int:
        for key in keys:
            self.expires_ms.pop(key, None)
        return sum(self.values.pop(key, None) is not None for key in keys)

    def do_pttl(self, key: str) -> int:
        if not self.at(key):
            return -2
        return int(self.expires_ms[key] - self._now_ms()) if key in self.expires_ms else -1

    # Lists

    def do_lpush(self, key: str, *items: str) -> int:
        self.at(key, [])[:0] = reversed(items)
        return len(self.values[key])

    def do_rpush(self, key: str, *items: str) -> int:
        self.at(key, []).extend(items)
        return len(self.values[key])

    def do_lrange(self, key: str, first: str, last: str) -> list[str]:
        items = self.at(key) or []
        return list(items[int(first) : len(items) if int(last) == -1 else int(last) + 1])

    def do_ltrim(self, key: str, first: str, last: str) -> str:
        self.values[key] = self.do_lrange(key, first, last)
        return "OK"

    def do_llen(self, key: str) -> int:
        return len(self.at(key) or [])

    def do_lpos(self, key: str, item: str) -> int | None:
        items = self.at(key) or []
        return items.index(item) if item in items else None

    def do_lrem(self, key: str, count: str, item: str) -> int:
        items = self.at(key) or []
        if item not in items:
            return 0
        assert abs(int(count)) == 1
        items.pop(len(items) - 1 - items[::-1].index(item) if int(count) < 0 else items.index(item))
        return 1

    def do_rpoplpush(self, key: str, other: str) -> str | None:
        items = self.at(key)
        if not items:
            return None
        item: str = items.pop()
        self.do_lpush(other, item)
        return item

    # Streams

    def do_xadd(self, key: str, _id: str, *pairs: str) -> str:
        self.at(key, []).append(dict(zip(pairs[::2], pairs[1::2], strict=True)))
        return f"{len(self.values[key])}-0"

    # Hashes

    def do_hset(self, key: str, *pairs: str) -> int:
        fields = self.at(key, {})
        before = len(fields)
        fields.update(zip(pairs[::2], pairs[1::2], strict=True))
        return len(fields) - before

    def do_hmset(self, key: str, *pairs: str) -> str:
        self.do_hset(key, *pairs)
        return "OK"

    def do_hget(self, key: str, field: str) -> str | None:
        value: str | None = (self.at(key) or {}).get(field)
        return value

    def do_hmget(self, key: str, *fields: str) -> list[str | None]:
        return [self.do_hget(key, field) for field in fields]

    def do_hgetall(self, key: str) -> list[str]:
        return [word for pair in (self.at(key) or {}).items() for word in pair]

    def do_hexists(self, key: str, field: str) -> int:
        return int(field in (self.at(key) or {}))

    def do_hdel(self, key: str, field: str) -> int:
        return int((self.at(key) or {}).pop(field, None) is not None)

    def do_hincrby(self, key: str, field: str, by: str) -> int:
        value = int(self.do_hget(key, field) or 0) + int(by)
        self.do_hset(key, field, str(value))
        return value

    # Sets and sorted sets

    def do_sadd(self, key: str, *members: str) -> int:
        before = len(self.at(key, {}))
        self.values[key].update(dict.fromkeys(members))
        return len(self.values[key]) - before

    def do_srem(self, key: str, member: str) -> int:
        members = self.at(key) or {}
        return 0 if member not in members else [1, members.pop(member)][0]

    def do_smembers(self, key: str) -> list[str]:
        return list(self.at(key) or {})

    def do_zadd(self, key: str, score: float, member: str) -> int:
        is_new = member not in self.at(key, {})
        self.values[key][member] = float(score)
        return int(is_new)

    def do_zrem(self, key: str, member: str) -> int:
        return int((self.at(key) or {}).pop(member, None) is not None)

    def ranked(self, key: str) -> list[tuple[str, float]]:
        """Give a sorted set's members with their scores, lowest first."""
        return sorted((self.at(key) or {}).items(), key=lambda pair: (pair[1], pair[0]))

    def do_bzpopmin(self, key: str, _timeout_s: str = "0") -> list[Any] | None:
        """Pop, or give None: who waits is the network's business."""
        for member, score in self.ranked(key):
            self.do_zrem(key, member)
            return [key, member, score]
        return None

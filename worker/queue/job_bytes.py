"""A job's data on their way from Redis to the parser: bytes, as they came.

A client that decodes would make a string of them, which one emoji makes four times as large, and the parser another
copy of that.
"""

import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from bullmq.scripts import Scripts
from redis.asyncio import Redis
from redis.client import NEVER_DECODE
from redis.exceptions import RedisError

_DATA: Final = b"data"
# Bytes from which on a second copy of a job's data is worth one more command.
_LARGE: Final = 1 << 20


class _Undecoded:
    """The part of a client that a script of redis-py calls; its replies stay bytes."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    async def evalsha(self, sha: str, n_keys: int, *keys_and_arguments: Any) -> Any:
        execute: Callable[..., Awaitable[Any]] = self._client.execute_command
        return await execute("EVALSHA", sha, n_keys, *keys_and_arguments, **{NEVER_DECODE: []})

    async def script_load(self, script: Any) -> Any:
        return await self._client.script_load(script)


def leave_data_undecoded(scripts: Scripts, client: Redis) -> None:
    """Have the script that takes a job give the job's data as bytes, and all else as strings, as before."""
    take: Callable[..., Awaitable[Any]] = scripts.commands["moveToActive"]
    undecoded = _Undecoded(client)

    async def take_undecoded(keys: Sequence[str], args: Sequence[Any]) -> Any:
        taken = _decoded(await take(keys=keys, args=args, client=undecoded))
        if _n_bytes(taken) > _LARGE:
            # hiredis keeps a reply's buffer until its connection reads the next reply. The pool lends the connection
            # that came back last. The job is ours by now, whatever becomes of this.
            with contextlib.suppress(RedisError, OSError):
                await client.ping()
        return taken

    scripts.commands = {**scripts.commands, "moveToActive": take_undecoded}


def _n_bytes(reply: Any) -> int:
    """Give the size of the largest value that stayed bytes."""
    fields = reply[0] if isinstance(reply, list) and reply else None
    return max((len(value) for value in fields if isinstance(value, bytes)), default=0) if fields else 0


def _decoded(reply: Any) -> Any:
    if isinstance(reply, bytes):
        return reply.decode("utf-8", "surrogateescape")
    if not isinstance(reply, list):
        return reply
    # In a job's hash a name stands before each value.
    return [value if place % 2 and reply[place - 1] == _DATA else _decoded(value) for place, value in enumerate(reply)]

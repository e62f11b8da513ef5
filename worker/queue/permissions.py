"""The least that a Redis user needs for this worker, tried at the start and not first in the middle of a job."""

import json
import uuid
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from worker.operations.redis_errors import word_of

# What the scripts of BullMQ and of this worker run, each with arguments that change nothing: the key holds a
# string for a moment, and whatever wants another type is refused, after Redis has looked at the permissions.
IN_SCRIPTS: Final = (
    ("del", "K"),
    ("exists", "K"),
    ("get", "K"),
    ("hdel", "K", "f"),
    ("hexists", "K", "f"),
    ("hget", "K", "f"),
    ("hgetall", "K"),
    ("hincrby", "K", "f", "1"),
    ("hmget", "K", "f"),
    ("hmset", "K", "f", "v"),
    ("hset", "K", "f", "v"),
    ("incr", "K"),
    ("llen", "K"),
    ("lpos", "K", "v"),
    ("lpush", "K", "v"),
    ("lrange", "K", "0", "0"),
    ("lrem", "K", "1", "v"),
    ("ltrim", "K", "0", "0"),
    ("pexpire", "K", "1000"),
    ("pttl", "K"),
    ("rpoplpush", "K", "K"),
    ("rpush", "K", "v"),
    ("sadd", "K", "v"),
    ("scard", "K"),
    ("set", "K", "v", "PX", "1000"),
    ("smembers", "K"),
    ("srem", "K", "v"),
    ("type", "K"),
    ("xadd", "K", "*", "f", "v"),
    ("xrevrange", "K", "+", "-", "COUNT", "1"),
    ("xtrim", "K", "MAXLEN", "1"),
    ("zadd", "K", "1", "v"),
    ("zcard", "K"),
    ("zpopmin", "K"),
    ("zrange", "K", "0", "0"),
    ("zrangebyscore", "K", "0", "0"),
    ("zrem", "K", "v"),
    ("zremrangebyrank", "K", "0", "0"),
    ("zremrangebyscore", "K", "0", "0"),
    ("zrevrange", "K", "0", "0"),
    ("zrevrangebyscore", "K", "0", "0"),
    ("zscore", "K", "v"),
)
# What is sent outside a script.
_DIRECT: Final = (
    "bzpopmin",
    "client|setname",
    "evalsha",
    "exec",
    "info",
    "mget",
    "multi",
    "ping",
    "script|load",
    "time",
)

# Only a worker with SHED_JOB_DATA=after_success needs it.
_FOR_SHEDDING: Final = "hstrlen"

# KEYS: a key that nothing else uses. ARGV: the commands as JSON, K for the key. Gives the names that are refused.
_TRY: Final = """
redis.pcall("SET", KEYS[1], "v", "PX", 1000)
local refused = {}
for _, text in ipairs(ARGV) do
  local command = cjson.decode(text)
  for i = 2, #command do
    if command[i] == "K" then command[i] = KEYS[1] end
  end
  if command[1] ~= "del" then
    local answer = redis.pcall(unpack(command))
    if type(answer) == "table" and answer.err
      and (string.find(answer.err, "NOPERM") or string.find(answer.err, "user executing the script")) then
      table.insert(refused, command[1])
    end
  end
end
local answer = redis.pcall("DEL", KEYS[1])
if type(answer) == "table" and answer.err
  and (string.find(answer.err, "NOPERM") or string.find(answer.err, "user executing the script")) then
  table.insert(refused, "del")
end
return refused
"""


def acl_rules(prefix: str, *, sheds: bool = False) -> str:
    """Write the least permissions as ACL SETUSER takes them.

    Args:
        prefix: of all queues; the parent of a job in a flow may be in another queue of the same prefix.
        sheds: whether SHED_JOB_DATA lets embeddings go.
    """
    commands = sorted({*_DIRECT, *(command[0] for command in IN_SCRIPTS), *([_FOR_SHEDDING] if sheds else [])})
    return f"~{prefix}:* -@all {' '.join(f'+{name}' for name in commands)}"


async def find_refused(client: Redis, prefix: str, queue: str, *, sheds: bool = False) -> list[str]:
    """List the commands that the user of REDIS_URL may not run, sorted; nothing is left in Redis.

    Raises:
        RedisError: Redis is away, or refuses for another reason.
    """
    key = f"{prefix}:{queue}:permissions-{uuid.uuid4().hex}"
    sha, refused = "", []
    for name, arguments in (
        ("SCRIPT LOAD", (_TRY,)),
        ("TIME", ()),
        ("MGET", (key,)),
        ("CLIENT SETNAME", ("topic-model-worker",)),
        ("BZPOPMIN", (key, "0.01")),
        *([(_FOR_SHEDDING.upper(), (key, "f"))] if sheds else []),
    ):
        try:
            answer = await client.execute_command(name, *arguments)  # type: ignore[no-untyped-call]
        except ResponseError as error:
            if word_of(error) != "NOPERM":
                raise
            refused.append(name.lower().replace(" ", "|"))
        else:
            sha = str(answer) if name == "SCRIPT LOAD" else sha
    if sha:
        refused += await _find_refused_in_script(client, sha, key)
    return sorted(refused)


async def _find_refused_in_script(client: Redis, sha: str, key: str) -> list[str]:
    try:
        names = await client.evalsha(sha, 1, key, *map(json.dumps, IN_SCRIPTS))
    except ResponseError as error:
        if word_of(error) != "NOPERM":
            raise
        is_about_keys = "key" in str(error).lower()
        return [f"access to the keys {key.rpartition(':')[0]}:*" if is_about_keys else "evalsha"]
    return [str(name) for name in names]

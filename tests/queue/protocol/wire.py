"""What can become of a command, and how an answer looks on the wire."""

from dataclasses import dataclass

from tests.queue.protocol.model_redis import Reply, ReplyError


@dataclass(frozen=True)
class Fate:
    """What becomes of one command.

    Attributes:
        late_there_s: on its way to Redis.
        late_back_s: its answer, on its way back.
        lost_there: the connection breaks before Redis has the command.
        lost_back: Redis carries it out, and the connection breaks before the answer is out.
        refusal: Redis answers with this error and does nothing.
    """

    late_there_s: float = 0.0
    late_back_s: float = 0.0
    lost_there: bool = False
    lost_back: bool = False
    refusal: str = ""


@dataclass(frozen=True)
class Outage:
    """A worker is cut off until a time: its connections are refused, or nothing is heard any more."""

    until_s: float
    is_silent: bool


def encode(reply: Reply) -> bytes:
    """Word an answer in RESP3."""
    match reply:
        case list():
            return b"*%d\r\n" % len(reply) + b"".join(map(encode, reply))
        case dict():
            return b"%%%d\r\n" % len(reply) + b"".join(encode(word) for pair in reply.items() for word in pair)
        case str():
            data = reply.encode("utf-8", "surrogateescape")
            return b"$%d\r\n%s\r\n" % (len(data), data)
        case None:
            return b"_\r\n"
    sign = {ReplyError: "-", int: ":", float: ","}[type(reply)]
    return f"{sign}{reply}\r\n".encode()

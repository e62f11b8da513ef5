"""Tasks as raw bytes in a pipe: an array is not copied before it is sent, nor after it was read."""

import pickle
from collections.abc import Sequence
from os import readv, write

# Bytes a system call; Linux moves at most 2 GiB at once.
_CHUNK = 1 << 24


def pack(task: object) -> list[memoryview]:
    """Give the parts of a task: its pickle, then the buffers of its arrays, which are not copied."""
    buffers: list[pickle.PickleBuffer] = []
    pickled = pickle.dumps(task, protocol=5, buffer_callback=buffers.append)
    return [memoryview(pickled), *(buffer.raw() for buffer in buffers)]


def write_parts(descriptor: int, parts: Sequence[memoryview]) -> None:
    """Write all parts; blocks until the reader has taken them.

    Raises:
        OSError: the reader is gone.
    """
    for part in parts:
        rest = part
        while rest:
            rest = rest[write(descriptor, rest[:_CHUNK]) :]


def read_task(descriptor: int, sizes: Sequence[int]) -> object:
    """Read the parts of a task and put it together; its arrays lie in the memory that was read to.

    Args:
        descriptor: to read from.
        sizes: of the parts, in bytes.

    Raises:
        EOFError: the writer is gone.
        MemoryError: a part does not fit.
    """
    pickled, *buffers = [_read(descriptor, size) for size in sizes]
    return pickle.loads(pickled, buffers=buffers)  # noqa: S301 - the worker itself wrote it


def _read(descriptor: int, size: int) -> bytearray:
    part = bytearray(size)
    rest = memoryview(part)
    while rest:
        n_read = readv(descriptor, [rest[:_CHUNK]])
        if n_read == 0:
            raise EOFError
        rest = rest[n_read:]
    return part

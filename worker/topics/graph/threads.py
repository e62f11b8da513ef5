"""How many threads the numbers of a batch are computed on."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import TypeVar

import torch
from threadpoolctl import ThreadpoolController

_Result = TypeVar("_Result")


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep many small steps on one thread.

    A second one gains little, and waiting for it at every step costs tenfold if the cores are shared.
    """
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep numpy's products on one thread: the same bits on every machine, and no waiting for a core that is shared."""
    with _libraries().limit(limits=1, user_api="blas"):
        yield


@cache
def _libraries() -> ThreadpoolController:
    """Look for the libraries once: it takes four milliseconds."""
    return ThreadpoolController()


def over_blocks(work: Callable[[slice], _Result], n_rows: int, block_rows: int) -> list[_Result]:
    """Do the work for each block of rows, on as many threads as torch has, and give what it gave in order.

    A block a thread: each is computed on one thread alone, so that its bits are the same for any number of threads, and
    no thread waits for another one within a block.

    Args:
        work: takes the rows of a block; it may write to these rows of a shared array.
        n_rows: of all blocks, >= 1.
        block_rows: of one block; the last may have fewer.
    """
    blocks = [slice(start, min(start + block_rows, n_rows)) for start in range(0, n_rows, block_rows)]
    n_threads = min(torch.get_num_threads(), len(blocks))
    with one_thread(), one_blas_thread():
        if n_threads < 2:
            return [work(block) for block in blocks]
        with ThreadPoolExecutor(n_threads, "blocks") as threads:
            return list(threads.map(work, blocks))

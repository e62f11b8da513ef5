"""How many threads torch uses for steps so small that more threads would only wait for each other."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


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

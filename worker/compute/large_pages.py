"""Memory of the compute process in pages of 2 MB, if the kernel has them: fewer faults when a large array is new."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

_VARIABLE: Final = "GLIBC_TUNABLES"
_TUNABLE: Final = "glibc.malloc.hugetlb"


def large_pages(environment: Mapping[str, str]) -> dict[str, str]:
    """Give what must be in the environment of a process when it starts.

    glibc 2.35 and later then asks for such pages (madvise); others, and kernels that have none, ignore it.

    Args:
        environment: of this process; what it says of these pages stays, and all other tunables.
    """
    given = environment.get(_VARIABLE, "")
    return {_VARIABLE: given if _TUNABLE in given else f"{given}:{_TUNABLE}=1".lstrip(":")}


@contextmanager
def started_with_large_pages() -> Iterator[None]:
    """Let processes that are started meanwhile have them; afterwards the environment is as before."""
    before = os.environ.get(_VARIABLE)
    os.environ |= large_pages(os.environ)
    try:
        yield
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before

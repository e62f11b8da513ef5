"""What an exception in the compute process means: a line without data, and whether the process can go on."""

import errno
import sysconfig
import traceback
from pathlib import Path

from worker.errors import WorkerError

_WORKER = Path(__file__).resolve().parent.parent
_COMPUTE = Path(__file__).resolve().parent
_LIBRARIES = tuple(str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "purelib", "platlib"))
# torch on the CPU raises a plain RuntimeError with one of these.
_OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "Cannot allocate memory", "std::bad_alloc")


def summarize(error: BaseException) -> str:
    """Name an exception and the place in the worker that it came through; its message, unless ours, may hold data."""
    if isinstance(error, WorkerError):
        return " ".join(str(error).split())
    place = _place(error)
    if _is_out_of_memory(error):
        kind = "CUDA out of memory" if "cuda" in str(error).lower() else "out of memory"
        return f"{kind} ({type(error).__name__}){place}"
    if _is_cuda(error):
        return f"CUDA error ({type(error).__name__}){place}"
    return f"{type(error).__name__}{place}"


def poisons(error: BaseException, device: str) -> bool:
    """Tell whether a process in which this was raised must not be used again."""
    # Not every library names CUDA in its RuntimeError; one process too many costs seconds.
    may_be_cuda = device.startswith("cuda") and isinstance(error, RuntimeError)
    return _is_out_of_memory(error) or _is_cuda(error) or may_be_cuda


def _place(error: BaseException) -> str:
    """Name the last line that is not a library's, if it is the worker's."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename).resolve()
        if path.is_relative_to(_WORKER):
            return "" if path.is_relative_to(_COMPUTE) else f" at worker/{path.relative_to(_WORKER)}:{frame.lineno}"
        if not frame.filename.startswith("<") and not str(path).startswith(_LIBRARIES):
            return ""
    return ""


def _is_out_of_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _OUT_OF_MEMORY)


def _is_cuda(error: BaseException) -> bool:
    # torch raises sticky CUDA errors as AcceleratorError or as plain RuntimeError.
    return type(error).__name__ == "AcceleratorError" or "CUDA" in str(error)

"""The compute process: set up once, then one batch after the other until the pipe closes."""

import ctypes
import importlib
import os
import random
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from worker.compute.config import ComputeConfig
from worker.compute.messages import (
    Failed,
    Fitted,
    FromCompute,
    Ping,
    Ready,
    RunBatch,
    SetupFailed,
    StageReport,
    Stop,
    ToCompute,
    Vitals,
)
from worker.settings import DEFAULT_ENGINE
from worker.streams import send_stdout_to_stderr
from worker.topics.fit import FloatArray

if TYPE_CHECKING:
    from worker.topics.words.encoders import KeywordEncoder

RANDOM_SEED = 42
PR_SET_PDEATHSIG = 1
_PROJECT = Path(__file__).resolve().parent.parent.parent

Answer = Callable[[FromCompute], None]


def serve(pipe: Connection, config: ComputeConfig) -> None:
    """Serve batches from the pipe; returns when the worker closes it.

    Args:
        pipe: this process's end.
        config: how to set up.
    """
    _live_and_die_with_the_worker()
    # What a library prints belongs into the log, since `--once` keeps stdout for the result, and a log that
    # cannot be written must not fail a batch.
    send_stdout_to_stderr()
    answer = pipe.send
    engine = _set_up(config, answer)
    if engine is None:
        return
    while True:
        try:
            message: ToCompute = pipe.recv()
            if isinstance(message, Stop):
                return
            if isinstance(message, Ping):
                answer(_vitals(engine))
                continue
            embeddings = _receive_embeddings(pipe, message.shape)
        except EOFError:
            return
        if not _run(engine, message, embeddings, answer):
            return


@dataclass(frozen=True)
class _Engine:
    """The function that fits, and what it is called with each time."""

    fit: Callable[..., Any]
    encoder: "KeywordEncoder | None"
    device: str


def _set_up(config: ComputeConfig, answer: Answer) -> _Engine | None:
    try:
        engine, ready = _load(config)
    except Exception as error:  # noqa: BLE001 - every reason is told, and ends the process
        permanent = type(error).__name__ in {"EncoderUnavailable", "DeviceUnavailable"}
        answer(SetupFailed(str(error) if permanent else summarize(error), permanent))
        return None
    answer(ready)
    return engine


def _load(config: ComputeConfig) -> tuple[_Engine, Ready]:
    module, _, function = config.engine.partition(":")
    if config.engine != DEFAULT_ENGINE:
        engine = getattr(importlib.import_module(module), function)
        return _Engine(engine, None, "cpu"), Ready("cpu", "none", f"test engine {config.engine}", is_fallback=False)

    import torch

    if not os.environ.get("OMP_NUM_THREADS"):
        # What this process may use, and not what the machine has.
        torch.set_num_threads(max(1, len(os.sched_getaffinity(0))))
    random.seed(RANDOM_SEED)
    np.random.seed(RANDOM_SEED)  # noqa: NPY002 - for libraries that draw from the global state
    torch.manual_seed(RANDOM_SEED)

    from tqdm import tqdm

    from worker.topics.pipeline import warm_up
    from worker.topics.words.loading import choose_device, choose_encoder

    device = choose_device(config.device)
    choice = choose_encoder(config.keyword_encoder, config.labse_model, device)
    # tqdm would make a semaphore that nobody removes where this process is killed.
    tqdm.set_lock(threading.RLock())
    engine = getattr(importlib.import_module(module), function)
    warm_up(choice.encoder, device)
    ready = Ready(device, choice.encoder.name, choice.message, choice.is_fallback)
    return _Engine(engine, choice.encoder, device), ready


def _vitals(engine: _Engine) -> Vitals:
    allocated = reserved = None
    if engine.device.startswith("cuda"):
        import torch

        allocated, reserved = torch.cuda.memory_allocated(engine.device), torch.cuda.memory_reserved(engine.device)
    return Vitals(
        cache_hits=engine.encoder.hits if engine.encoder else 0,
        cache_misses=engine.encoder.misses if engine.encoder else 0,
        cuda_allocated_bytes=allocated,
        cuda_reserved_bytes=reserved,
    )


def _options(batch: RunBatch, embeddings: FloatArray, device: str) -> dict[str, object]:
    """Give the engine what an inspection adds; nothing for a job."""
    options: dict[str, object] = {"diagnose": True} if batch.diagnose else {}
    if len(batch.variants) > 1:
        from worker.topics.preparation import Preparation

        most_neighbors = max(params.n_neighbors or 0 for params in batch.variants)
        options["preparation"] = Preparation(batch.texts, embeddings, device, most_neighbors=most_neighbors)
    return options


def _run(engine: _Engine, batch: RunBatch, embeddings: FloatArray, answer: Answer) -> bool:
    """Run one batch; tell whether the process may be used again."""
    try:
        options = _options(batch, embeddings, engine.device)
        outcomes = tuple(
            engine.fit(
                batch.texts,
                embeddings,
                params,
                encoder=engine.encoder,
                device=engine.device,
                on_stage=lambda event: answer(StageReport(event)),
                **options,
            )
            for params in batch.variants
        )
        answer(Fitted(outcomes))
    except Exception as error:  # noqa: BLE001 - failed is not broken: told, and ready for more
        poisoned = _poisons(error, engine.device)
        answer(Failed(summarize(error), poisoned))
        return not poisoned
    return True


def summarize(error: BaseException) -> str:
    """Name an exception and the place in the engine that it came through; its message may hold data."""
    place = _place(error)
    if _is_out_of_memory(error):
        kind = "CUDA out of memory" if "cuda" in str(error).lower() else "out of memory"
        return f"{kind} ({type(error).__name__}){place}"
    if _is_cuda(error):
        return f"CUDA error ({type(error).__name__}){place}"
    return f"{type(error).__name__}{place}"


def _place(error: BaseException) -> str:
    ours = [
        f" at {Path(frame.filename).resolve().relative_to(_PROJECT)}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename).resolve().is_relative_to(_PROJECT / "worker" / "topics")
    ]
    return ours[-1] if ours else ""


def _poisons(error: BaseException, device: str) -> bool:
    # Not every library names CUDA in its RuntimeError; a process too many costs seconds.
    may_be_cuda = device.startswith("cuda") and isinstance(error, RuntimeError)
    return _is_out_of_memory(error) or _is_cuda(error) or may_be_cuda


def _is_out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"


def _is_cuda(error: BaseException) -> bool:
    # torch raises sticky CUDA errors as AcceleratorError or as plain RuntimeError.
    return type(error).__name__ == "AcceleratorError" or "CUDA" in str(error)


def _receive_embeddings(pipe: Connection, shape: tuple[int, int]) -> FloatArray:
    embeddings = np.empty(shape, dtype=np.float32)
    pipe.recv_bytes_into(embeddings.data.cast("B"))
    return embeddings


def _live_and_die_with_the_worker() -> None:
    """Leave the terminal's signals to the worker, and end when it ends, however it ends."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = parent_process()
    if parent is not None and os.getppid() != parent.pid:
        os._exit(1)  # it was gone before the kernel knew whom to tell

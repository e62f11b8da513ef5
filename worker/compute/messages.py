"""What crosses the pipe between the worker and its compute process."""

from dataclasses import dataclass

from worker.topics.fit import NoTopics, StageFinished, StageStarted, TopicFit, TopicParams

# Worker to compute process.


@dataclass(frozen=True)
class RunBatch:
    """One batch; the embeddings follow as raw bytes, so that they are copied once and not pickled.

    Attributes:
        texts: (n,).
        shape: of the embeddings, float32, L2-normalized.
        variants: what was asked for: one fit for each, in order.
        diagnose: whether the fits come with what explains them.
    """

    texts: tuple[str, ...]
    shape: tuple[int, int]
    variants: tuple[TopicParams, ...]
    diagnose: bool = False


@dataclass(frozen=True)
class Ping:
    """Answer with `Vitals`."""


@dataclass(frozen=True)
class Stop:
    """End, once idle."""


ToCompute = RunBatch | Ping | Stop

# Compute process to worker.


@dataclass(frozen=True)
class Ready:
    """Set up and warm.

    Attributes:
        device: "cpu" or "cuda:N".
        encoder: the keyword encoder in force.
        message: one line on how it was chosen.
        is_fallback: whether "auto" had to do without its model.
    """

    device: str
    encoder: str
    message: str
    is_fallback: bool


@dataclass(frozen=True)
class SetupFailed:
    """The process cannot serve and ends; `permanent` where another try would fail the same way."""

    message: str
    permanent: bool


@dataclass(frozen=True)
class StageReport:
    """A stage of a batch began or ended."""

    event: StageStarted | StageFinished


@dataclass(frozen=True)
class Fitted:
    """A batch is done; an outcome for each of its variants."""

    outcomes: tuple[TopicFit | NoTopics, ...]


@dataclass(frozen=True)
class Failed:
    """The engine raised.

    Attributes:
        summary: the exception's type, and where in our code; no data.
        poisoned: the process must not be used again, and ends.
    """

    summary: str
    poisoned: bool


@dataclass(frozen=True)
class Vitals:
    """Alive and idle; and what only this process knows of itself.

    Attributes:
        cache_hits: n-grams whose vectors were there already, since the process began.
        cache_misses: n-grams that were encoded.
        cuda_allocated_bytes: by tensors; None without CUDA.
        cuda_reserved_bytes: by torch's allocator; None without CUDA.
    """

    cache_hits: int
    cache_misses: int
    cuda_allocated_bytes: int | None
    cuda_reserved_bytes: int | None


FromCompute = Vitals | Ready | SetupFailed | StageReport | Fitted | Failed

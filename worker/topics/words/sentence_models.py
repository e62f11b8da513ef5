"""What the keyword encoder needs of a language model."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from worker.topics.fit import FloatArray


class SentenceModel(Protocol):
    """What the encoder needs of `SentenceTransformer`; `Bert` has it too."""

    @property
    def tokenizer(self) -> Any:
        """Called with texts, gives their "input_ids"."""

    def get_embedding_dimension(self) -> int | None:
        """How many numbers a vector has."""

    # Any, because sentence-transformers declares an overload for each form of its input.
    @property
    def encode(self) -> Any:
        """Called with texts and `batch_size`, gives (n, d) floats."""


@runtime_checkable
class BatchModel(Protocol):
    """A model that encodes several batches at a time."""

    @property
    def rows_apart(self) -> bool:
        """Whether a text has the same vector, to the last bit, in a batch of any size."""

    def encode_batches(self, batches: Sequence[Sequence[str]]) -> list[FloatArray]:
        """Encode each batch of texts as it would be alone: (b, d) float32 for each."""

"""A topic as BERTopic's folder can hold it, without the documents it was found in; imports nothing of BERTopic."""

from dataclasses import dataclass

from worker.topics.arrays import DoubleArray


@dataclass(frozen=True, eq=False)
class ExportedTopic:
    """A topic for an export.

    Attributes:
        number: its number, 0 or above.
        size: its documents.
        name: what people call it.
        words: keywords and their weights, best first.
        vector: (d,) float64, to whose direction documents are compared; None if nothing is to be assigned to it.
    """

    number: int
    size: int
    name: str
    words: tuple[tuple[str, float], ...]
    vector: DoubleArray | None

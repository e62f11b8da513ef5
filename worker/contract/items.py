"""The items of an envelope, read one by one: ids, texts, and the embeddings as one float32 array."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from worker.contract.embedding_rows import unit_vector
from worker.contract.item import EMBEDDING_DIM, EmbeddedItem, Item, is_full
from worker.contract.rejection_text import ENOUGH_FLAWS, Flaws, validate
from worker.topics.fit import FloatArray


@dataclass
class Items:
    """What the items hold, filled row by row.

    Attributes:
        embeddings: (>= kept less missing, 768) float32; rows beyond the given ones are not initialized.
        positions: submissionId -> its first position, in request order.
        texts: of the kept items.
        kept: positions of the items whose embedding is not the zero vector.
        missing: places in `kept` of the items without an embedding.
        wrong_length: position, length and submissionId of the first embedding of another length.
        n_wrong_length: how many embeddings have another length.
    """

    embeddings: FloatArray
    positions: dict[str, int] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    missing: list[int] = field(default_factory=list)
    wrong_length: tuple[int, int, str] | None = None
    n_wrong_length: int = 0

    @property
    def given(self) -> FloatArray:
        """The embeddings of the kept items that have one: (n, 768) float32."""
        return self.embeddings[: len(self.kept) - len(self.missing)]

    def add(self, position: int, item: Item) -> None:
        """Add the next item, unless its embedding is the zero vector or of another length."""
        row = item.embedding
        if row is None:
            self.missing.append(len(self.kept))
        elif len(row) != EMBEDDING_DIM:
            self.wrong_length = self.wrong_length or (position, len(row), item.submission_id)
            self.n_wrong_length += 1
            return
        elif (unit := unit_vector(row)) is not None:
            self.embeddings[len(self.kept) - len(self.missing)] = unit
        else:
            return
        self.kept.append(position)
        self.texts.append(item.text)


def read_items(raw_items: list[Any], flaws: Flaws, *, may_lack_embedding: bool) -> Items:
    """Read items, or note each broken rule; many broken ones are not read to the end.

    Args:
        raw_items: any JSON values.
        flaws: is added to.
        may_lack_embedding: whether an embedding may be left out, or null.
    """
    # Not len(raw_items): a list of a hundred million nulls must not reserve 300 GB.
    items = Items(np.empty((_count_full_rows(raw_items, may_lack_embedding), EMBEDDING_DIM), dtype=np.float32))
    rules = Item if may_lack_embedding else EmbeddedItem
    for position, raw in enumerate(raw_items):
        if flaws.are_enough or items.n_wrong_length >= ENOUGH_FLAWS:
            flaws.stop_counting()
            break
        if not isinstance(raw, dict):  # as pydantic says it, but fifty times faster
            flaws.add(f"items[{position}]", "must be an object")
            continue
        item = validate(rules, raw, flaws, at=f"items[{position}]")
        if item is None:
            continue
        first = items.positions.setdefault(item.submission_id, position)
        if first != position:
            flaws.add(f"items[{position}].submissionId", f"is already that of items[{first}]")
        items.add(position, item)
    return items


def _count_full_rows(raw_items: list[Any], may_lack_embedding: bool) -> int:
    """Count the embeddings of the right length, as far as `read_items` can come."""
    n_full = n_other = 0
    for raw in raw_items:
        embedding = raw.get("embedding") if isinstance(raw, dict) else raw
        if isinstance(raw, dict) and is_full(embedding):
            n_full += 1
        elif embedding is not None or not may_lack_embedding:  # a flaw, or an embedding of another length
            n_other += 1
            if n_other > 2 * ENOUGH_FLAWS:
                break
    return n_full

"""The comments of a table as the batch of `--once`: embedded last, since that may take an hour."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from worker.contract.envelope import Batch
from worker.jobs.topic_model import TOPIC_MODEL
from worker.replay.embedding import Embedder, bare_envelope, envelope_of, read_bare, read_comments
from worker.replay.terminal import Terminal
from worker.tables.comments import Wanted


class TableBatch:
    """A table whose columns are told by their names.

    Attributes:
        bare: its envelope, whose items have no embedding.
    """

    def __init__(self, path: str, others: Sequence[str], terminal: Terminal) -> None:
        """Read the table.

        Args:
            path: of the table.
            others: columns whose cells the items have as well, under these names.
            terminal: where to tell what a person should know of it.

        Raises:
            UnreadableTable: the file is no table of comments, or has no such column.
        """
        self._comments = read_comments(path, Wanted(others=tuple(others)), terminal)
        self.bare = bare_envelope(self._comments, {})

    def envelope(
        self, embedder: Embedder, variants: Sequence[Mapping[str, Any]], check: Callable[[Batch], None]
    ) -> dict[str, Any]:
        """Make the envelope of a fit.

        Args:
            embedder: embeds the comments, unless they are refused whatever their embeddings are.
            variants: the parameters of each fit.
            check: raises if the batch is not what a flag says of it.

        Raises:
            ModelUnavailable: see `Embedder.embed`.
        """
        read = [read_bare(TOPIC_MODEL, {**self.bare, "params": params}) for params in variants]
        batch = next((each for each in read if isinstance(each, Batch)), None)
        if batch is None:
            return {**self.bare, "params": {"embed_missing": True}}
        check(batch)
        return envelope_of(self._comments, embedder.embed(self._comments), {})

"""What a person asks of a table of comments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from worker.tables.comments import Wanted

# The tenant of those who name none.
DEFAULT_TENANT: Final = "default"


@dataclass(frozen=True)
class Shown:
    """What a report shows beside the topics.

    Attributes:
        title: of the report; None for its own.
        sentiment: the column that tells praise from complaint.
        facets: columns by which topics are broken down.
    """

    title: str | None = None
    sentiment: str | None = None
    facets: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are needed for it."""
        return (*self.facets, *(() if self.sentiment is None else (self.sentiment,)))


@dataclass(frozen=True)
class Asked:
    """What a person asks.

    Attributes:
        path: of the table.
        columns: that were named.
        encoding: of the table's text; None to find out.
        embedding_model: that was named; None for the worker's own.
        keeps_embeddings: whether embeddings are kept beside the file.
        tenant: whose model is meant; None if none was named.
        version: of the model; None for the active one.
        params: of the request, by their names in the contract, `grid` among them.
        outputs: paths to write the result to, each ending in .csv or .json.
        report: the path of an HTML report; None for none.
        shown: what the report shows beside the topics.
        name: what the report calls the table; its path if left out.
    """

    path: str
    columns: Wanted = field(default_factory=Wanted)
    encoding: str | None = None
    embedding_model: str | None = None
    keeps_embeddings: bool = False
    tenant: str | None = None
    version: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    report: str | None = None
    shown: Shown = field(default_factory=Shown)
    name: str | None = None

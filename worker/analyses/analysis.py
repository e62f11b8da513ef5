"""One analysis of a table: read, embed, validate, compute; the answer on stdout, what happens meanwhile on stderr."""

import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, Self, TypeAlias, TypeVar

from worker.analyses.columns import check_labels, extras_of
from worker.analyses.outputs import check_formats, check_outputs, write_outputs
from worker.analyses.request import DEFAULT_TENANT, Asked
from worker.compute.tasks import Task
from worker.contract.envelope import Batch, Rejection, Skip
from worker.exit_codes import ExitCode
from worker.jobs.kind import JobKind, Request, Surroundings
from worker.jobs.predict import PREDICT
from worker.models.model import UNKNOWN_MODEL, model_name
from worker.models.smallest_topic import with_vectors
from worker.replay.computing import Computing
from worker.replay.embedding import Embedder, bare_envelope, envelope_of, read_bare, read_comments
from worker.replay.extras import Extras
from worker.replay.request import BadUsage
from worker.replay.terminal import Terminal
from worker.settings import Settings
from worker.store.store import ModelStore
from worker.tables.comments import Comments
from worker.tracking.terminal import Tracked

# Seconds a comment and fit beyond TOPIC_MODEL_TIMEOUT_MS: who waits at a terminal can press Ctrl-C.
_MORE_S_EACH: Final = 0.1

_Request = TypeVar("_Request", bound=Request)
# For the answer, and for what happens meanwhile.
Terminals: TypeAlias = tuple[Terminal, Terminal]


class Analysis:
    """What every analysis of a table does; the modules beside this one do what is special to one.

    Attributes:
        asked: what is to be done.
        settings: of the worker; its embedding model is the one that was asked for.
        computing: runs the tasks.
        answer: the terminal of stdout.
        told: the terminal of stderr.
        comments: of the table, once `batch` has read it.
        extras: what a report shows beside the topics, once `batch` has read it.
        surroundings: of the tasks.
        tracked: what MLflow is told of the analysis; nothing unless its `begin` is called.
    """

    def __init__(self, asked: Asked, settings: Settings, terminals: Terminals | None = None) -> None:
        """Take what is asked, and check what can be checked before anything is computed.

        Args:
            asked: what is to be done.
            settings: of the worker.
            terminals: for the answer and for what happens meanwhile; stdout and stderr if left out.

        Raises:
            BadUsage, UnwritableFile: a result cannot be written as it was asked for.
        """
        check_formats(asked.outputs)
        check_outputs([*asked.outputs, *([asked.report] if asked.report is not None else [])], asked.path)
        self.asked = asked
        named = asked.embedding_model
        self.settings = settings if named is None else settings.model_copy(update={"labse_model": named})
        self.answer, self.told = terminals or (Terminal(sys.stdout), Terminal(sys.stderr))
        self.computing = Computing(self.settings, self.told)
        self.comments, self.extras = Comments((), ()), Extras()
        self.surroundings = Surroundings.of(settings, f"file-{uuid.uuid4()}")
        self.tracked = Tracked(self.settings, self.told.warn)
        self._began_s = time.monotonic()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """End the compute process, if one is left, and what MLflow is told by."""
        self.computing.__exit__(*exception)
        self.tracked.close()

    @property
    def tenant(self) -> str:
        """Whose model is meant."""
        return self.asked.tenant or DEFAULT_TENANT

    @property
    def embedding_model(self) -> str:
        """The name by which a kept model knows what made its embeddings."""
        return model_name(self.settings.labse_model)

    def batch(self, kind: JobKind[_Request], **rest: Any) -> _Request | Rejection | Skip:
        """Read the table, embed its comments, and read them as the envelope of a kind of job.

        Whatever can be refused is refused before anything is embedded.

        Args:
            kind: of job.
            rest: other keys of the envelope.

        Raises:
            UnreadableTable: the file is no table of comments.
            BadUsage: a column that was named does not hold what it is named for.
            ModelUnavailable: there is no embedding model.
        """
        self.comments = read_comments(self.asked.path, self.asked.columns, self.told, self.asked.encoding)
        check_labels(self.asked, self.comments)
        self.extras = extras_of(self.asked, self.comments)
        rest = {"type": kind.name, "params": dict(self.asked.params), **rest}
        refused = read_bare(kind, bare_envelope(self.comments, rest))
        if isinstance(refused, Rejection | Skip):
            return refused
        beside = self.asked.path if self.asked.keeps_embeddings else None
        embedder = Embedder(self.computing, self.told, self.settings.labse_model, beside)
        vectors = embedder.embed(self.comments)
        batch = kind.read(envelope_of(self.comments, vectors, rest))
        for warning in () if isinstance(batch, Rejection | Skip) else batch.warnings:
            self.told.warn(warning)
        return batch

    @staticmethod
    def as_trained(batch: Batch) -> Batch:
        """Give a batch the parameters by which `train` fits it, so that what is measured or tried is what it keeps."""
        return replace(batch, params=with_vectors(batch.params, len(batch.kept)))

    def model_reference(self) -> dict[str, str]:
        """Give the envelope's `model`."""
        version = {} if self.asked.version is None else {"version": self.asked.version}
        return {"tenant": self.tenant, **version}

    def expect_same_embeddings(self) -> None:
        """Check that the model that is meant was made with the embedding model in force, as far as that is known.

        Raises:
            BadUsage: it was not.
            VersionMissing, StoreUnavailable, StoreCorrupt: the model cannot be read.
        """
        store = ModelStore(self.settings.model_store, self.told.warn)
        active = store.active(self.tenant)
        if active is None:
            raise BadUsage(
                f"there is no model of {self.tenant} in {store.location} yet: "
                f"python -m worker train FILE --tenant {self.tenant}"
            )
        version = self.asked.version or active.version
        made_with = store.config(self.tenant, version).details.get("embeddingModel")
        if made_with not in (None, "", UNKNOWN_MODEL, self.embedding_model):
            raise BadUsage(
                f"version {version} of {self.tenant} was made with embeddings of {made_with}, and these would be of "
                f"{self.embedding_model}: name that model by --embed, or train anew"
            )

    def run(self, kind: JobKind[Any], task: Task, n_fits: int = 1, *, another_follows: bool = False) -> Any:
        """Run a task of a kind of job, and give what it gives; a large table has longer than a job of a queue."""
        return self.computing.run(
            task,
            len(kind.stages),
            n_fits,
            # Every comment of a table is embedded by now: a prediction needs nothing that fits.
            needs_engine=kind is not PREDICT,
            more_s=_MORE_S_EACH * n_fits * len(self.comments.ids),
            another_follows=another_follows,
        )

    def refuse(self, refused: Rejection | Skip) -> ExitCode:
        """Say why nothing can be done with the table."""
        self.told.say(f"failed: {refused.error if isinstance(refused, Rejection) else refused.reason}")
        return ExitCode.FAILED

    def finish(self, document: Mapping[str, Any]) -> ExitCode:
        """Write the result where it was asked for, and say how it ended."""
        if document["status"] != "completed":
            self.told.say(f"failed: {document['error']}")
            return ExitCode.FAILED
        write_outputs(self.asked.outputs, document, self.comments.ids)
        for path in self.asked.outputs:
            self.told.say(f"written: {path}")
        self.told.say(f"completed in {time.monotonic() - self._began_s:.1f} s")
        self.tracked.deliver(document)
        return ExitCode.COMPLETED

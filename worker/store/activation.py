"""An entry of a tenant's activation log."""

from dataclasses import dataclass
from typing import Any, Final

from worker.store.names import is_version
from worker.store.sealed import seal, unseal

# So many earlier jobs each entry names: one read tells a retried job whether it has activated already.
N_REMEMBERED: Final = 100
_SCHEMA: Final = 1


class Unreadable(Exception):
    """The entry is whole, but not of the form that this worker reads."""


@dataclass(frozen=True)
class Activation:
    """One entry: from here on, this version is active.

    Attributes:
        seq: the entry's number, from 1.
        version: the version that became active.
        job_id: the job that activated it; "" if a person did.
        at: when, ISO 8601, UTC, milliseconds, Z.
        parent: the version that was active before; None for the first.
        earlier: job id and number of up to 100 entries before, newest first; those by a person are left out.
    """

    seq: int
    version: str
    job_id: str
    at: str
    parent: str | None
    earlier: tuple[tuple[str, int], ...] = ()

    def to_bytes(self) -> bytes:
        """Write the entry's file; equal entries give equal bytes."""
        content = {
            "schema": _SCHEMA,
            "seq": self.seq,
            "version": self.version,
            "jobId": self.job_id,
            "activatedAt": self.at,
            "parent": self.parent,
            "earlierJobs": [list(each) for each in self.earlier],
        }
        return seal(content)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Activation":
        """Read an entry's file.

        Raises:
            Damaged: it is not what was written.
            Unreadable: it is of another form, as a later worker may write.
        """
        content = unseal(data)
        if content.get("schema") != _SCHEMA or not is_version(str(content.get("version"))):
            raise Unreadable
        return cls(
            seq=int(content["seq"]),
            version=str(content["version"]),
            job_id=str(content["jobId"]),
            at=str(content["activatedAt"]),
            parent=_text_or_none(content["parent"]),
            earlier=tuple((str(job), int(seq)) for job, seq in content["earlierJobs"]),
        )

    def remembered(self) -> tuple[tuple[str, int], ...]:
        """Give what the next entry names as `earlier`."""
        own = ((self.job_id, self.seq),) if self.job_id else ()
        return (*own, *self.earlier)[:N_REMEMBERED]


def _text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)

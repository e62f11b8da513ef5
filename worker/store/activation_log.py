"""A tenant's activation log: numbered files, each created once; the highest number is what is active."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Final

from worker.store.activation import Activation, Unreadable
from worker.store.errors import LostRace, StoreCorrupt
from worker.store.faults import Missing, Taken
from worker.store.files import Files
from worker.store.names import ACTIVE, entry_name, entry_number
from worker.store.sealed import Damaged

# A person's activation is put behind whatever is newest, and tried again if a job's comes in between.
_ATTEMPTS: Final = 20


class ActivationLog:
    """The log of one tenant.

    Args:
        files: the store's.
        tenant: a name that was checked.
        warn: takes a line on each file that is left aside.
    """

    def __init__(self, files: Files, tenant: str, warn: Callable[[str], None]) -> None:
        self._files = files
        self._tenant = tenant
        self._folder = f"{tenant}/{ACTIVE}"
        self._warn = warn

    def numbers(self) -> list[int]:
        """List the entries there are, the newest first, readable or not."""
        found = []
        for name in self._files.names(self._folder):
            number = entry_number(name)
            if number is not None:
                found.append(number)
            else:
                self._warn(f"model store: {self._place(name)} is no entry of an activation log and is left alone")
        return sorted(found, reverse=True)

    def newest(self) -> Activation | None:
        """Give the newest entry; None if there is none.

        An entry whose end is missing never came into force: whoever wrote it was stopped, and its job runs again.

        Raises:
            StoreCorrupt: the newest whole entry was changed.
        """
        return next(self._whole(self.numbers()), None)

    def readable(self) -> Iterator[Activation]:
        """Give the entries, the newest first, without those that cannot be read."""
        for number in self.numbers():
            try:
                entry = self._read(number)
            except StoreCorrupt as error:
                self._warn(str(error))
                continue
            if entry is not None:
                yield entry

    def in_force(self, job_id: str, oldest: int) -> Activation | None:
        """Find the entry of a job on the way back from the active version to those that it was made from.

        Args:
            job_id: of the job.
            oldest: no entry before this one is its.
        """
        version: str | None = None
        for entry in self.readable():
            version = version or entry.version
            if entry.seq < oldest:
                return None
            if not entry.job_id or entry.version != version:
                continue
            if entry.job_id == job_id or entry.parent is None:
                return entry if entry.job_id == job_id else None
            version = entry.parent
        return None

    def append(self, version: str, job_id: str, after: Activation | None) -> Activation:
        """Add an entry behind `after`.

        Raises:
            LostRace: another process has added one since `after` was read.
            StoreCorrupt: the entry behind `after` was changed.
        """
        numbers = self.numbers()
        seq_before = after.seq if after else 0
        if after is not None and after.seq not in numbers:
            raise LostRace(f"model store: the activation log of {self._tenant} was removed meanwhile")
        newer = next(self._whole([number for number in numbers if number > seq_before]), None)
        if newer is not None:
            raise self._lost(newer)
        return self._create(max([seq_before, *numbers]) + 1, version, job_id, after)

    def append_last(self, version: str, job_id: str) -> Activation:
        """Add an entry behind the newest, whichever that is by then.

        Raises:
            LostRace: others added entries all the time.
        """
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._append_last(version, job_id)
            except LostRace:
                continue
        return self._append_last(version, job_id)

    def remove(self, number: int) -> None:
        """Remove an entry."""
        self._files.remove(f"{self._folder}/{entry_name(number)}")

    def remove_folder(self) -> None:
        """Remove the log's folder if it is empty."""
        self._files.remove_folder(self._folder)

    def _append_last(self, version: str, job_id: str) -> Activation:
        numbers = self.numbers()
        newest = next(self.readable(), None)
        return self._create(max(numbers, default=0) + 1, version, job_id, newest)

    def _create(self, seq: int, version: str, job_id: str, after: Activation | None) -> Activation:
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        parent, earlier = (after.version, after.remembered()) if after else (None, ())
        entry = Activation(seq, version, job_id, at, parent, earlier)
        try:
            self._files.create(f"{self._folder}/{entry_name(seq)}", entry.to_bytes())
        except Taken:
            winner = self._read(seq)
            # Of a write whose answer was lost, and which was sent again, the store says that the file exists.
            if winner == entry:
                return entry
            raise self._lost(winner) from None
        return entry

    def _whole(self, numbers: list[int]) -> Iterator[Activation]:
        return (entry for entry in map(self._read, numbers) if entry is not None)

    def _read(self, number: int) -> Activation | None:
        name = entry_name(number)
        try:
            return Activation.from_bytes(self._files.read(f"{self._folder}/{name}"))
        except Missing:
            return None
        except Damaged as damage:
            if damage.is_cut:
                self._warn(f"model store: {self._place(name)} was never written to its end and counts as not there")
                return None
            raise self._corrupt(name, "was changed after it was written") from None
        except Unreadable:
            raise self._corrupt(name, "is of a form that this version of the worker does not read") from None

    def _corrupt(self, name: str, what: str) -> StoreCorrupt:
        return StoreCorrupt(
            f"model store: {self._place(name)} {what}; "
            f"choose a version: python -m worker models activate {self._tenant} VERSION"
        )

    def _lost(self, winner: Activation | None) -> LostRace:
        who = f"version {winner.version}" if winner else "another version"
        return LostRace(f"model store: {who} of {self._tenant} became active meanwhile")

    def _place(self, name: str) -> str:
        return f"{self._files.location}/{self._folder}/{name}"

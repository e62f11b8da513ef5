"""Embeddings kept beside a file of comments, so that a second look at the file embeds nothing twice."""

import hashlib
import secrets
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from worker.replay.files import UnwritableFile
from worker.topics.arrays import FloatArray

SUFFIX: Final = ".embeddings.npz"
_DIGEST_BYTES: Final = 16


class VectorCache:
    """The embeddings of texts by one model, in a file that holds no text: a digest and a vector for each."""

    def __init__(self, path: str, model: str) -> None:
        """Take where the file is, whether it exists or not, and the name of the model; `read` reads it."""
        self.path = path
        self._model = model
        self._rows: dict[bytes, FloatArray] = {}

    def read(self) -> str | None:
        """Read the file; say why nothing of it can be used, None if it can, or if there is none."""
        if not Path(self.path).exists():
            return None
        try:
            with Path(self.path).open("rb") as file, np.load(file, allow_pickle=False) as kept:
                digests, vectors, model = kept["digests"], kept["vectors"], str(kept["model"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return f"{self.path} holds no embeddings and is written anew"
        if model != self._model:
            return f"{self.path} holds embeddings of another model and is written anew"
        self._rows = {digest.tobytes(): vector for digest, vector in zip(digests, vectors, strict=True)}
        return None

    def missing(self, texts: Sequence[str]) -> tuple[str, ...]:
        """List the texts that have no embedding yet, each once."""
        return tuple(text for text in dict.fromkeys(texts) if _digest(text) not in self._rows)

    def add(self, texts: Sequence[str], vectors: FloatArray) -> None:
        """Take the embeddings of texts; `write` writes them."""
        self._rows |= {_digest(text): vector for text, vector in zip(texts, vectors, strict=True)}

    def vectors(self, texts: Sequence[str]) -> FloatArray:
        """Give the embeddings of texts of which none is missing: (n, d) float32."""
        return np.stack([self._rows[_digest(text)] for text in texts])

    def write(self) -> None:
        """Write the file; whoever ends this in between finds the old one, whole.

        Raises:
            UnwritableFile: the operating system refuses.
        """
        digests = np.frombuffer(b"".join(self._rows), dtype=np.uint8).reshape(-1, _DIGEST_BYTES)
        # The file itself, not a link that leads to it, is replaced.
        target = Path(self.path).resolve()
        aside = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
        try:
            try:
                with aside.open("xb") as file:
                    vectors = np.stack([*self._rows.values()])
                    np.savez(file, digests=digests, vectors=vectors, model=np.array(self._model))
                aside.replace(target)
            finally:
                aside.unlink(missing_ok=True)
        except OSError as error:
            raise UnwritableFile(f"cannot write {self.path}: {error.strerror or error}") from None


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()

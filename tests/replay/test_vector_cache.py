"""Embeddings beside a file: read back as they were, and never believed if they are of another model."""

import errno
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from worker.replay.files import UnwritableFile
from worker.replay.vector_cache import VectorCache


def test_embeddings_are_read_back(tmp_path: Path) -> None:
    """Only new texts are missing; the file holds no text, and the order of the texts does not matter."""
    path, texts = str(tmp_path / "a.csv.embeddings.npz"), ("sekreto nga teksto", "b", "c")
    vectors = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    cache = VectorCache(path, "model")
    assert cache.read() is None
    assert cache.missing(texts) == texts
    cache.add(texts, vectors)
    cache.write()
    again = VectorCache(path, "model")
    assert again.read() is None
    assert again.missing(("c", "d", "b", "d")) == ("d",)
    assert again.vectors(("c", texts[0], "c")).tolist() == vectors[[2, 0, 2]].tolist()
    assert b"sekreto" not in Path(path).read_bytes()


def test_what_cannot_be_used_is_told(tmp_path: Path) -> None:
    """Embeddings of another model, a cut file, any other file: nothing is taken from them."""
    path = str(tmp_path / "a.npz")
    cache = VectorCache(path, "model")
    cache.add(("a",), np.ones((1, 4), dtype=np.float32))
    cache.write()
    other = VectorCache(path, "another")
    assert other.read() == f"{path} holds embeddings of another model and is written anew"
    assert other.missing(("a",)) == ("a",)
    whole = Path(path).read_bytes()
    for content in (whole[:-30], b"", b"no archive", whole[:200]):
        Path(path).write_bytes(content)
        broken = VectorCache(path, "model")
        assert broken.read() == f"{path} holds no embeddings and is written anew"
        assert broken.missing(("a",)) == ("a",)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk, or Ctrl-C: an hour of embedding is not lost; nothing else stays in the folder."""
    path = tmp_path / "a.npz"
    cache = VectorCache(str(path), "model")
    cache.add(("a",), np.ones((1, 4), dtype=np.float32))
    cache.write()
    whole = path.read_bytes()

    def cut(file: BinaryIO, **_: object) -> None:
        file.write(b"half of")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", cut)
    cache.add(("b",), np.ones((1, 4), dtype=np.float32))
    with pytest.raises(UnwritableFile, match="No space left"):
        cache.write()
    assert path.read_bytes() == whole
    assert list(tmp_path.iterdir()) == [path]

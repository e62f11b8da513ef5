"""Stores to test with: a folder, and a bucket of a real S3 server."""

import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.s3_server import BUCKET, S3Server


@dataclass(frozen=True)
class Place:
    """Where a test keeps models.

    Attributes:
        url: a value of MODEL_STORE.
        environment: what a process needs to reach it.
    """

    url: str
    environment: dict[str, str]

    @property
    def is_local(self) -> bool:
        """Whether it is a folder."""
        return "://" not in self.url


@pytest.fixture
def folder(tmp_path: Path) -> Place:
    """Give a folder that does not exist yet."""
    return Place(str(tmp_path / "models"), {})


@pytest.fixture
def bucket(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Give an empty path in a bucket."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return Place(f"s3://{BUCKET}/{uuid.uuid4().hex[:12]}", s3_server.environment)


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest) -> Place:
    """Give a folder, then a path in a bucket."""
    given = request.getfixturevalue(request.param)
    assert isinstance(given, Place)
    return given

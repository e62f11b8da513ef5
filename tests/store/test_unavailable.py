"""A store that cannot be used: full, forbidden, away, without what it needs. One line for a person each time."""

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environment import clean_environment
from tests.redis_server import free_port
from tests.s3_server import BUCKET, S3Server
from tests.store.conftest import Place
from worker.errors import ConfigurationError
from worker.settings import Settings
from worker.store.errors import StoreUnavailable, VersionMissing
from worker.store.store import ModelStore

FILES = {"model.safetensors": bytes(300_000)}


@pytest.fixture
def small_files() -> Iterator[None]:
    """Let this process write no file above 100 kB, which the kernel answers as it answers a full disk."""
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures("small_files")
def test_a_full_disk_is_named_and_the_active_model_stays(folder: Place) -> None:
    """What was half written is no version; with room again the same call goes through."""
    store = ModelStore(folder.url)
    first = store.activate("a", store.write("a", {"small": b"1"}, {}), after=None, job_id="job-1")
    with pytest.raises(StoreUnavailable, match=r"model.safetensors cannot be written: the disk is full; .* models gc$"):
        store.write("a", FILES, {})
    assert (store.active("a"), store.versions("a")) == (first, [first.version])
    assert not list(Path(folder.url).rglob(".aside-*"))
    resource.setrlimit(resource.RLIMIT_FSIZE, resource.getrlimit(resource.RLIMIT_FSIZE)[1:] * 2)
    assert store.read("a", store.write("a", FILES, {}))[0] == FILES


def test_no_permission_is_named(folder: Place) -> None:
    """For a user who is not root, to whom no folder is closed."""
    ModelStore(folder.url).write("a", {"small": b"1"}, {})
    Path(folder.url).chmod(0o555)
    Path(folder.url, "a").chmod(0)
    script = f"""
import os, sys
from worker.store.store import ModelStore
from worker.store.errors import StoreUnavailable
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
store = ModelStore({folder.url!r})
for use in (lambda: store.write("b", {{"small": b"1"}}, {{}}), lambda: store.active("a")):
    try:
        use()
    except StoreUnavailable as error:
        print(error)
"""
    # Another user must get through to the folder; pytest's own are closed to others.
    parents = [each for each in Path(folder.url).parents if os.stat(each).st_uid == os.geteuid() and each != Path("/")]
    modes = {each: each.stat().st_mode for each in parents}
    command = [sys.executable, "-c", script]
    try:
        for each in parents:
            each.chmod(modes[each] | 0o011)
        done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=False)
    finally:
        for each in parents:
            each.chmod(modes[each])
        Path(folder.url).chmod(0o755)
        Path(folder.url, "a").chmod(0o755)
    hint = "no permission; let this user read and write there, or set MODEL_STORE to another folder"
    assert done.stdout.splitlines() == [
        f"model store: {folder.url}/b/{done.stdout.split('/b/')[1].split('/')[0]}/claim.json cannot be written: {hint}",
        f"model store: {folder.url}/a/active cannot be listed: {hint}",
    ], done.stderr


def test_a_store_that_is_away_is_named_by_host(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the key; the worker's job is tried again."""
    port = free_port()
    for name, value in {**s3_server.environment, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}.items():
        monkeypatch.setenv(name, value)
    store = ModelStore(f"s3://{BUCKET}/away")
    for use in (store.active, lambda name: store.write(name, FILES, {})):
        with pytest.raises(StoreUnavailable, match=f"cannot be .*: no answer from 127.0.0.1:{port}$") as raised:
            use("a")
        assert "key" not in str(raised.value)


def test_a_wrong_key_a_missing_key_and_a_missing_bucket_are_named(
    bucket: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Each with the variables to look at."""
    with pytest.raises(StoreUnavailable, match=r"there is no bucket nowhere$"):
        ModelStore("s3://nowhere/models").active("a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sesame")
    with pytest.raises(StoreUnavailable, match=r"no permission \(\w+\); look at AWS_ACCESS_KEY_ID") as raised:
        ModelStore(bucket.url).active("a")
    assert "sesame" not in str(raised.value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(StoreUnavailable, match=r"no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY$"):
        ModelStore(bucket.url).active("a")


@pytest.mark.parametrize(
    ("url", "package"), [("s3://b/p", r"topic-model-worker\[s3\]"), ("gs://b", "gcsfs"), ("az://c/p", "adlfs")]
)
def test_a_missing_package_is_named(url: str, package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=rf"^MODEL_STORE is {url[:2]}://…: install {package}$"):
        ModelStore(url)


@pytest.mark.parametrize(
    "url",
    [
        "s3://key:sesame@bucket/path",
        "s3://sesame@bucket",
        "gs://bucket?token=sesame",
        "az://container:sesame@account.dfs.core.windows.net/p",
        "s3://",
        "s3://bucket/../sesame",
        "ftp://user:sesame@host/models",
        "memory://sesame",
        "file://sesame/models",
    ],
)
def test_a_bad_url_is_named_and_not_repeated(url: str) -> None:
    """It may hold a key."""
    with pytest.raises(ConfigurationError, match=r"^MODEL_STORE: (must|has) [^\n]*$") as raised:
        Settings.from_environment({"MODEL_STORE": url})
    assert "sesame" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("file:///srv/models", "/srv/models"),
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/a/b/", "s3://bucket/a/b"),
        ("gs://bucket/a", "gs://bucket/a"),
        ("az://container/a", "az://container/a"),
    ],
)
def test_a_good_url_is_taken(url: str, shown: str) -> None:
    """Folders and the stores of the three clouds."""
    from worker.store.location import read_location

    assert str(read_location(Settings.from_environment({"MODEL_STORE": url}).model_store)) == shown


def test_reading_an_empty_store_makes_no_folder(folder: Place) -> None:
    """And a version of a tenant that is not there is missing."""
    store = ModelStore(folder.url)
    assert (store.tenants(), store.versions("a"), store.active("a")) == ([], [], None)
    with pytest.raises(VersionMissing, match="a has no version 20260316_021500"):
        store.read("a", "20260316_021500")
    assert not os.path.exists(folder.url)


@pytest.mark.parametrize("place", ["", "campus-3"])
def test_a_file_where_a_folder_should_be_is_named(tmp_path: Path, place: str) -> None:
    """It is no version of the same name: the write ends with an error, and does not try one name after another."""
    root = tmp_path / "models"
    in_the_way = root / place
    in_the_way.parent.mkdir(exist_ok=True)
    in_the_way.write_text("no folder", encoding="utf-8")
    with pytest.raises(StoreUnavailable, match="Not a directory"):
        ModelStore(str(root)).write("campus-3", {"data": b"x"}, {})

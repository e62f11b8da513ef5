"""The environment: defaults, bad values, secrets."""

import re
from pathlib import Path

import pytest

from worker.errors import ConfigurationError
from worker.queue.connection import connect
from worker.settings import Settings

EXAMPLE = Path(__file__).resolve().parent.parent.parent / ".env.example"


def test_the_example_holds_every_variable_with_its_default() -> None:
    """.env.example and the code agree, and each variable has a comment before it."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if re.match(r"[A-Z]", line))
    effective = {name: str(value) for name, value in Settings.from_environment({}).effective().items()}
    assert given == effective
    for number, line in enumerate(lines):
        if line.startswith(tuple(given)):
            assert lines[number - 1].startswith("#")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "http://localhost"),
        ("REDIS_URL", "redis://localhost:notaport"),
        ("BULLMQ_LOCK_DURATION_MS", "5"),
        ("BULLMQ_STALLED_INTERVAL_MS", "-1"),
        ("BULLMQ_MAX_STALLED_COUNT", "-1"),
        ("TOPIC_MODEL_TIMEOUT_MS", "0"),
        ("SHUTDOWN_GRACE_MS", "1.5"),
        ("DEVICE", "gpu"),
        ("DEVICE", "cuda:x"),
        ("COMPUTE_MAX_JOBS", "many"),
        ("SHED_JOB_DATA", "always"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:port"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://user:sesame@collector"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
        ("TOPIC_MODEL_TEST_ENGINE", "os:system"),
        ("TOPIC_MODEL_TEST_ENGINE", "worker.topics.pipeline:other"),
    ],
)
def test_a_bad_value_is_named_in_one_line(variable: str, value: str) -> None:
    """The line names the variable and does not repeat the value."""
    with pytest.raises(ConfigurationError) as raised:
        Settings.from_environment({variable: value})
    line = str(raised.value)
    assert line.startswith(f"{variable}: ")
    assert "\n" not in line
    assert "sesame" not in line


def test_what_redis_py_cannot_read_is_named_too() -> None:
    """Without the URL, which may hold a password."""
    settings = Settings.from_environment({"REDIS_URL": "redis://:secret@localhost:6379?socket_timeout=abc"})
    with pytest.raises(ConfigurationError, match=r"^REDIS_URL: [^\n]*$") as raised:
        connect(settings)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("redis://:sesame@localhost/0?foo=bar", "the option foo is unknown"),
        ("redis://:sesame@localhost/0?socket_timout=20", "did you mean socket_timeout?"),
        ("redis://:sesame@localhost?socket_timeout=abc", "Invalid value for 'socket_timeout'"),
        ("redis://:sesame@localhost?socket_timeout=2", "socket_timeout must be at least 15"),
        ("redis://:sesame@localhost?ssl_ca_certs=/ca.pem", "goes with rediss://"),
        ("rediss://:sesame@localhost?ssl_ca_certs=/no/such/file", "cannot be read: No such file"),
        ("rediss://:sesame@localhost?ssl_ca_certs=/dev/null", "cannot be used"),
        ("rediss://:sesame@localhost?ssl_cert_reqs=some", "not possible"),
        ("redis://:sesame@localhost/topics", "must be a number"),
        ("redis://:sesame#@localhost", "percent-encode"),
    ],
)
def test_a_url_that_cannot_be_followed_is_named(url: str, reason: str) -> None:
    """Before anything is sent; the password is not repeated."""
    with pytest.raises(ConfigurationError) as raised:
        connect(Settings.from_environment({"REDIS_URL": url}))
    line = str(raised.value)
    assert line.startswith("REDIS_URL: ")
    assert reason in line
    assert "sesame" not in line


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("DEVICE", "gpu", "must be auto, cpu, cuda or cuda:N; a GPU is called cuda, the second one cuda:1"),
        (
            "TOPIC_MODEL_QUEUE",
            "a:b",
            "must not hold a colon; what stands before",
        ),
        (
            "BULLMQ_PREFIX",
            "my app",
            "must hold neither spaces nor",
        ),
        ("COMPUTE_MAX_JOBS", "many", "must be a whole number"),
        ("HEALTH_PORT", "70000", "must be at most 65535"),
        ("LOG_FORMAT", "xml", "must be 'auto', 'console' or 'json'"),
    ],
)
def test_a_bad_value_gets_a_sentence_that_a_person_understands(variable: str, value: str, sentence: str) -> None:
    """It says what is possible, in words."""
    with pytest.raises(ConfigurationError) as raised:
        Settings.from_environment({variable: value})
    assert str(raised.value).startswith(f"{variable}: {sentence}")


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://user:sesame@[::1]:6380/2", "redis://[::1]:6380/2"),
        ("redis://localhost", "redis://localhost"),
        ("rediss://:p%40ss@redis.example?ssl_ca_certs=/ca.pem", "rediss://redis.example"),
        ("unix:///run/redis.sock?db=1&password=sesame", "unix:///run/redis.sock"),
    ],
)
def test_the_address_in_the_log_is_that_of_the_url(url: str, address: str) -> None:
    """An IPv6 address keeps its brackets; user, password and options are left out."""
    assert Settings.from_environment({"REDIS_URL": url}).redis_address == address


def test_an_empty_variable_counts_as_left_out() -> None:
    """As compose files write it."""
    assert Settings.from_environment({"DEVICE": "", "LOG_LEVEL": " "}) == Settings.from_environment({})


def test_a_password_is_never_shown() -> None:
    """Not in the effective settings, not in a repr, not in an error."""
    settings = Settings.from_environment({"REDIS_URL": "rediss://user:sesame@redis.example:6380/2"})
    assert settings.redis_address == "rediss://redis.example:6380/2"
    assert "sesame" not in f"{settings!r} {settings.effective()}"
    with pytest.raises(ConfigurationError) as raised:
        Settings.from_environment({"REDIS_URL": "amqp://user:sesame@host"})
    assert "sesame" not in str(raised.value)

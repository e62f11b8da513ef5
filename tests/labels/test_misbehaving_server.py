"""A language model's API that misbehaves in every way that was seen: a real HTTP server."""

import socket
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.labels.asked import GOOD, NAMED, TOPICS, Asked
from tests.labels.label_server import (
    Answer,
    body,
    choices,
    drip,
    endless,
    garbage,
    hang,
    hang_up,
    message,
    serving,
    status,
    text_of,
)

JSON_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"


@pytest.mark.parametrize(
    ("answers", "n_requests", "last"),
    [
        ((status(429, Retry_After="0"), GOOD), 2, "json_schema"),
        ((status(500, Retry_After="0"), GOOD), 2, "json_schema"),
        ((status(503), GOOD), 2, "json_schema"),
        ((status(400), GOOD), 2, "json_object"),
        ((status(422), GOOD), 2, "json_object"),
        ((status(400), status(429, Retry_After="0"), GOOD), 3, "json_object"),
    ],
    ids=["429", "500", "503 without a time", "400 by a schema", "422 by a schema", "400 by a schema, then 429"],
)
def test_what_passes_is_tried_once_more(answers: tuple[Answer, ...], n_requests: int, last: str) -> None:
    """And what refuses a schema is asked for an object."""
    with serving(*answers) as server:
        assert Asked(server).labels == NAMED
        assert len(server.requests) == n_requests
        kinds = [request["response_format"]["type"] for request in server.requests]
    assert kinds == ["json_schema", last, last][:n_requests]


@pytest.mark.parametrize(
    ("answer", "n_requests", "why"),
    [
        (status(429, Retry_After="0"), 2, "status 429"),
        (status(429, Retry_After="3600"), 1, "status 429"),
        (status(429, Retry_After="Wed, 21 Oct 2099 07:28:00 GMT"), 2, "status 429"),
        (status(500, Retry_After="0"), 2, "status 500"),
        (status(400), 2, "status 400"),
        (status(401), 1, "status 401"),
        (status(404), 1, "status 404"),
        (status(204), 1, "status 204"),
        (body(b"<html>Welcome</html>"), 1, "not JSON"),
        (body(b"[" * 200_000), 1, "not JSON"),
        (body(b"\xff\xfe\x00"), 1, "not JSON"),
        (body(b"null"), 1, "no message"),
        (choices(), 1, "no message"),
        (choices({"message": None}), 1, "no message"),
        (message(None), 1, "no message"),
        (message([{"type": "text", "text": "{}"}]), 1, "no message"),
        (message(None, refusal="I cannot"), 1, "no message"),
        (message(text_of([]), refusal="I cannot"), 1, "refused"),
        (message(text_of([{"index": 0, "label": "Half"}]), "content_filter"), 1, "cut short"),
        (message(text_of([{"index": 0, "label": "Half"}]), "length"), 1, "cut short"),
        (message('{"labels": [{"index": 0, "lab'), 1, "not JSON"),
        (message(""), 1, "not JSON"),
        (message("[]"), 1, "no labels"),
        (message('{"labels": {"0": "Pace"}}'), 1, "no labels"),
        (endless, 1, "too long"),
        (garbage, 1, "does not speak HTTP"),
        (hang_up, 1, "does not speak HTTP"),
    ],
)
def test_an_answer_without_labels_names_no_topic(answer: Answer, n_requests: int, why: str) -> None:
    """One line tells why, in words of our own."""
    with serving(answer) as server:
        asked = Asked(server)
        assert asked.labels == {}
        assert len(server.requests) == n_requests
    (line,) = asked.warnings
    assert why in line
    assert "rawLabel instead" in line


@pytest.mark.parametrize(
    "answer",
    [hang, drip(b""), drip(b"HTTP/1.1 200 OK\r\nX: "), drip(JSON_OK), status(429, Retry_After="1")],
    ids=["nothing", "spaces", "bytes of a header", "bytes of a body", "429 longer than there is time"],
)
def test_one_deadline_holds_for_all(answer: Answer) -> None:
    """It ends the exchange whatever the server sends; what is asked later has no time left."""
    with serving(answer) as server:
        asked = Asked(server, timeout_s=0.2)
        assert asked.labels == {}
        if "429" not in asked.warnings[0]:
            assert "0.2 s of LABELS_TIMEOUT_MS" in asked.warnings[0]
            assert asked.labeller.ask(TOPICS, ()) == {}
            assert "0.2 s of LABELS_TIMEOUT_MS are over" in asked.warnings[1]
        assert len(server.requests) == 1


def test_the_connection_ends_with_the_deadline() -> None:
    """A server that drips for ever would else hold a thread and a socket of the worker for each job."""
    with serving(drip(JSON_OK)) as server:
        Asked(server, timeout_s=0.2)
        assert server.hung_up.wait(60)


def test_a_dead_server_is_told() -> None:
    """Nobody listens on that port."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        asked = Asked(f"http://127.0.0.1:{unused.getsockname()[1]}/v1")
    assert asked.labels == {}
    assert "cannot be reached" in asked.warnings[0]


@pytest.mark.parametrize("code", [302, 307])
def test_the_key_follows_no_redirect(code: int) -> None:
    """Another server gets neither the key nor the keywords."""
    with serving(GOOD) as other, serving(status(code, Location=f"{other.base_url}/chat/completions")) as server:
        asked = Asked(server)
        assert asked.labels == {}
        assert f"status {code}" in asked.warnings[0]
        assert other.paths == []


def test_a_server_with_tls_is_asked_if_its_certificate_is_sound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that nobody has signed gets neither the key nor the keywords."""
    authority = Authority(tmp_path / "ca")
    with serving(GOOD, tls=authority.server_context()) as server:
        base_url = server.base_url.replace("http:", "https:")
        asked = Asked(base_url)
        assert asked.labels == {}
        assert "SSLCertVerificationError" in asked.warnings[0]
        assert server.requests == []
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
        assert Asked(base_url).labels == NAMED

"""Why Redis cannot be reached, in words; and whether waiting may help."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from redis import exceptions as redis_errors

from worker.operations.redis_errors import describe, hint_for
from worker.queue.redis_url import tls_context

TIMEOUT_S: Final = 5.0
DEFAULT_PORT: Final = 6379
# OpenSSL's codes for a certificate that was refused.
_EXPIRED, _NOT_YET_VALID = 10, 9
_WRONG_NAME: Final = frozenset({62, 63, 64})
# OpenSSL's words for what a server said to a handshake. Others pass: a proxy whose Redis is away says them too.
_WANTS_CERTIFICATE: Final = "CERTIFICATE_REQUIRED"
_REFUSED_FOR_GOOD: Final = ("HANDSHAKE_FAILURE", "WRONG_VERSION_NUMBER", "PROTOCOL_VERSION", "UNKNOWN_CA")

CLOSED: Final = "closed"


@dataclass(frozen=True)
class Cause:
    """Why Redis cannot be reached.

    Attributes:
        reason: what happened.
        hint: what to do about it.
        is_permanent: waiting does not help.
    """

    reason: str
    hint: str
    is_permanent: bool = False


async def find_cause(error: BaseException, url: str) -> Cause:
    """Find out why a connection could not be made; asks the server again if the error alone does not say.

    Args:
        error: what redis-py, or the system, raised.
        url: of Redis.
    """
    for each in _chain(error):
        if cause := _of_certificate(each) or _of_system(each):
            return cause
    parts = urlsplit(url)
    if parts.scheme == "rediss":
        return await _of_tls(error, url)
    if parts.scheme == "redis" and await asyncio.to_thread(_speaks_tls, *_address(url)):
        return Cause("the server speaks TLS, and REDIS_URL does not ask for it", "use rediss://", is_permanent=True)
    if isinstance(error, redis_errors.InvalidResponse):
        return Cause("what answers there is not Redis", "check host and port in REDIS_URL", is_permanent=True)
    return _of_silence(error)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _of_system(error: BaseException) -> Cause | None:
    if isinstance(error, socket.gaierror):
        return Cause("the host's name is not known (DNS)", "check the host in REDIS_URL, and DNS")
    if isinstance(error, FileNotFoundError):
        return Cause("there is no such socket", "check the path in REDIS_URL")
    if isinstance(error, PermissionError):
        return Cause("this user may not open the socket", "check the permissions of the socket's file")
    if isinstance(error, ConnectionRefusedError):
        return Cause("nothing listens there (connection refused)", "check host and port in REDIS_URL; is Redis up?")
    return None


def _of_certificate(error: BaseException) -> Cause | None:
    if not isinstance(error, ssl.SSLCertVerificationError):
        return None
    if error.verify_code in _WRONG_NAME:
        hint = "use a host in REDIS_URL for which the certificate was made (its subjectAltName)"
        return Cause("the certificate is for another host name", hint, is_permanent=True)
    if error.verify_code in {_EXPIRED, _NOT_YET_VALID}:
        return Cause(f"the {error.verify_message}", "renew it on the server, or check the clocks", is_permanent=True)
    hint = "give the file of its CA: rediss://...?ssl_ca_certs=/path/ca.pem"
    return Cause(f"the certificate's CA is unknown ({error.verify_message})", hint, is_permanent=True)


async def _of_tls(error: BaseException, url: str) -> Cause:
    if await asyncio.to_thread(_speaks_plainly, *_address(url)):
        return Cause(
            "the server does not speak TLS, and REDIS_URL asks for it",
            "use redis://, or Redis's TLS port",
            is_permanent=True,
        )
    refusal = await asyncio.to_thread(_refusal_of_handshake, url)
    if _WANTS_CERTIFICATE in refusal:
        hint = "give one: rediss://...?ssl_certfile=/path/client.pem&ssl_keyfile=/path/client.key"
        return Cause("the server wants a client certificate", hint, is_permanent=True)
    if any(word in refusal for word in _REFUSED_FOR_GOOD):
        hint = "check that the port is Redis's TLS port, whether it wants a client certificate, and the ssl_ options"
        return Cause(f"the server does not speak TLS as asked ({refusal})", hint, is_permanent=True)
    if refusal == CLOSED:
        hint = "is Redis behind it up, and does it want a client certificate (ssl_certfile, ssl_keyfile)?"
        return Cause("the server closes the connection after the TLS handshake", hint)
    return _of_silence(error)


def _of_silence(error: BaseException) -> Cause:
    if isinstance(error, redis_errors.TimeoutError | TimeoutError):
        return Cause("no answer in time", "check host and port in REDIS_URL, firewalls and NetworkPolicies")
    return Cause(describe(error), hint_for(error) or "is Redis up, and does it take more clients (maxclients)?")


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or DEFAULT_PORT


def _speaks_tls(host: str, port: int) -> bool:
    """Try a handshake that any certificate satisfies."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    refusal = _handshake(host, port, context)
    return refusal is None or _WANTS_CERTIFICATE in refusal


def _speaks_plainly(host: str, port: int) -> bool:
    """Ask without TLS: a plain Redis lets a TLS handshake run into its timeout without a word."""
    try:
        with socket.create_connection((host, port), TIMEOUT_S) as plain:
            plain.sendall(b"PING\r\n")
            return plain.recv(5).startswith((b"+PONG", b"-NOAU", b"-LOAD"))
    except OSError:
        return False


def _refusal_of_handshake(url: str) -> str:
    """Shake hands as the worker's connections do; give OpenSSL's word for a refusal, empty if there is none."""
    return _handshake(*_address(url), tls_context(url)) or ""


def _handshake(host: str, port: int, context: ssl.SSLContext) -> str | None:
    """Give None if the handshake worked, else OpenSSL's word, or CLOSED; empty if there was no connection."""
    try:
        with (
            socket.create_connection((host, port), TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as tls,
        ):
            # In TLS 1.3 the server says that it wants a certificate only after the client's handshake is over.
            tls.sendall(b"PING\r\n")
            return None if tls.recv(1) else CLOSED
    except (ssl.SSLEOFError, ConnectionResetError):
        return CLOSED
    except ssl.SSLError as error:
        return error.reason or "handshake failed"
    except OSError:
        return ""

"""REDIS_URL's options, checked before anything is sent: redis-py would meet a bad one at its first connection."""

import difflib
import ssl
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from redis.asyncio.connection import SSLConnection, parse_url
from redis.exceptions import RedisError

from worker.errors import ConfigurationError

# BullMQ's blocking reads take up to 10 s: a shorter limit would end each of them early, and jobs would be noticed late.
MIN_SOCKET_TIMEOUT_S: Final = 15.0
# For the blocking read, the lock's renewal, a result, the count of jobs, progress, the sweep, and one to spare.
MIN_CONNECTIONS: Final = 8

_EVERYWHERE: Final = ("db", "health_check_interval", "max_connections", "protocol", "socket_timeout")
_TCP: Final = ("socket_connect_timeout", "socket_keepalive")
_TLS: Final = (
    "ssl_ca_certs",
    "ssl_ca_data",
    "ssl_ca_path",
    "ssl_cert_reqs",
    "ssl_certfile",
    "ssl_check_hostname",
    "ssl_ciphers",
    "ssl_keyfile",
    "ssl_min_version",
    "ssl_password",
)
# By the scheme of the URL.
OPTIONS: Final = {
    "redis": (*_EVERYWHERE, *_TCP),
    "rediss": (*_EVERYWHERE, *_TCP, *_TLS),
    "unix": (*_EVERYWHERE, "password", "username"),
}


def check_options(url: str) -> None:
    """Check what stands behind the question mark.

    Args:
        url: `redis://`, `rediss://` or `unix://`.

    Raises:
        ConfigurationError: an option is unknown or has no usable value; its value is not repeated.
    """
    parts = urlsplit(url)
    known = OPTIONS[parts.scheme]
    for name in sorted(parse_qs(parts.query, keep_blank_values=True)):
        if name not in known:
            raise ConfigurationError(f"REDIS_URL: {_unknown(name, parts.scheme, known)}")
    try:
        options = parse_url(url)
    except ValueError as error:
        # redis-py's text names the option, and not its value.
        raise ConfigurationError(f"REDIS_URL: {error}") from None
    _check_at_least(dict(options), "socket_timeout", MIN_SOCKET_TIMEOUT_S)
    _check_at_least(dict(options), "max_connections", MIN_CONNECTIONS)
    if parts.scheme == "rediss":
        _check_tls(url)


def _unknown(name: str, scheme: str, known: tuple[str, ...]) -> str:
    if name in OPTIONS["rediss"] and scheme == "redis":
        return f"the option {name} goes with rediss://, and this is redis://"
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(known)}"
    return f"the option {name} is unknown; {hint}"


def _check_at_least(options: dict[str, Any], name: str, least: float) -> None:
    if name in options and not options[name] >= least:
        raise ConfigurationError(f"REDIS_URL: {name} must be at least {least:g}")


def tls_context(url: str) -> ssl.SSLContext:
    """Make the TLS settings that a connection to this `rediss://` URL uses.

    Raises:
        OSError: a file cannot be read, or holds no certificate.
        RedisError, ValueError: an option has a value that is not possible.
    """
    options = {name: value for name, value in parse_url(url).items() if name.startswith("ssl_")}
    return SSLConnection(**options).ssl_context.get()  # type: ignore[arg-type]


def _check_tls(url: str) -> None:
    """Load the certificates as a connection would."""
    try:
        tls_context(url)
    except ssl.SSLError as error:
        why = error.reason or "no certificate or key in PEM form"
        raise ConfigurationError(f"REDIS_URL: a file of the ssl_ options cannot be used: {why}") from None
    except OSError as error:
        raise ConfigurationError(f"REDIS_URL: a file of the ssl_ options cannot be read: {error.strerror}") from None
    except (RedisError, ValueError, TypeError, AttributeError):
        raise ConfigurationError("REDIS_URL: an ssl_ option has a value that is not possible") from None

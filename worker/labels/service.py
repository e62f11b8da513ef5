"""The language model that names topics: where it is, and what it may be told."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

_LANGUAGE: Final = re.compile(r"[^\W\d_][\w '()-]{0,39}")


@dataclass(frozen=True)
class LabelService:
    """A chat endpoint as OpenAI has it, and what it may be told.

    Attributes:
        base_url: what stands before `/chat/completions`; without user and password.
        model: the name that the server knows it by.
        api_key: sent as a bearer token; "" for none.
        timeout_s: all the time that a job may spend on its labels.
        sends_samples: whether comments are sent beside the keywords.
        language: of the labels, in English.
    """

    base_url: str
    model: str
    # Not in the repr: no log and no traceback may show it.
    api_key: str = field(default="", repr=False)
    timeout_s: float = 15.0
    sends_samples: bool = False
    language: str = "English"


def checked_base_url(url: str) -> str:
    """Give the URL without a slash at its end, "" for none.

    Raises:
        ValueError: it is no address of a server, or holds a password or a query; the message says what is possible.
    """
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or not re.fullmatch(r"[!-~]+", url):
        raise ValueError("must look like https://api.openai.com/v1")
    if "@" in parts.netloc:
        # No key stands in an accepted URL, so logs and errors may show it.
        raise ValueError("has an @ in it; a key goes into LABELS_API_KEY")
    if parts.query or parts.fragment:
        raise ValueError("must end with a path, such as /v1; a key goes into LABELS_API_KEY")
    return url.rstrip("/")


def checked_api_key(key: str) -> str:
    """Give the key.

    Raises:
        ValueError: it cannot stand in a header of HTTP; the message does not repeat it.
    """
    if not re.fullmatch(r"[!-~]*", key):
        raise ValueError("must hold neither spaces, line ends nor characters beyond ASCII")
    return key


def checked_language(language: str) -> str:
    """Give the name of the language.

    Raises:
        ValueError: it is no name.
    """
    if not _LANGUAGE.fullmatch(language):
        raise ValueError("must be the name of a language, such as English or Filipino")
    return language

"""Bring a text into the form in which its words are counted: no markup, no links, one character for each letter."""

import html
import re
import unicodedata
from functools import lru_cache

import regex

# Distinct entities that are remembered across batches.
_REMEMBERED = 1_000

# Anything that is no word and no white space keeps the words on its two sides apart.
_APART = " . "
# Each entity needs its semicolon, or it would be found inside "R&D" and "lab&notes"; the five commonest do not.
_ENTITY = re.compile(
    r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});|&(?:amp|nbsp|quot|apos|lt|gt)(?![a-z0-9=])", re.I
)
# An entity whose "&" became a space or was lost: "S amp;P", "today #39;s".
_REST_OF_ENTITY = re.compile(r"(?: |(?<![^\W_]))(?:#\d{2,5}|#x[0-9a-f]{2,4}|amp|nbsp|quot|apos|lt|gt);", re.I)
_INLINE = "a|abbr|b|big|code|em|font|i|mark|s|small|span|strike|strong|sub|sup|u"
_BLOCK = (
    "article|blockquote|body|br|div|h[1-6]|head|hr|html|img|li|link|meta|ol|p|pre|script|section|style|"
    "table|tbody|td|th|thead|title|tr|ul"
)
_INLINE_TAG = re.compile(rf"</?(?:{_INLINE})(?:[\s/][^<>]*)?>", re.I)
_BLOCK_TAG = re.compile(rf"</?(?:{_BLOCK})(?:[\s/][^<>]*)?>|<![^<>]*>", re.I)
_LINK = re.compile(r"(?:https?://|ftp://|www\.)\S*", re.I)
_MAIL = re.compile(r"\S@\S")
# Begins with a plain character, so that the texts without an address, nearly all, are seen through at once.
_SITE = re.compile(r"\.(?:(?:com|org|net|edu|gov|ph|io|ly|me)(?:[/:?#]|\.[a-z]{2}\b)|(?:com|org|net|edu|gov)\b)")
# Letters of other fonts: letterlike, enclosed, ligatures, full width, mathematical alphabets. Normalizing the whole
# text in this way would take Thai and Arabic letters apart.
_FONT = regex.compile(
    r"[\u2100-\u214F\u2460-\u24FF\uFB00-\uFB06\uFF00-\uFFEF\U0001D400-\U0001D7FF\U0001F130-\U0001F189]+"
)
# No letter of any script carries so many; composing a longer pile takes time with the square of its height.
_PILE = regex.compile(r"(\p{M}{8})\p{M}++")
_INVISIBLE = regex.compile(r"[\p{Cf}\u034F]+")
_APOSTROPHES = "’‘ʼʻ´′＇`ˈ"
_HYPHENS = "‐‑֊﹣－˗"
_ONE_SPELLING = str.maketrans(_APOSTROPHES + _HYPHENS, "'" * len(_APOSTROPHES) + "-" * len(_HYPHENS))


def clean(text: str) -> str:
    """Give a text as its words are counted: lower case, composed letters (NFC), straight apostrophes and hyphens.

    HTML entities are resolved, tags, links and mail addresses left out, letters of the look-alike fonts
    replaced by those they show (NFKC), and characters that nobody sees left out. Linear in the length of the text.
    """
    return clean_plain(without_markup(text))


def without_markup(text: str) -> str:
    """Resolve HTML entities and leave tags out: what of `clean` looks beyond white space."""
    if "&" in text:
        # Twice: a text that went through two programs is often escaped two times.
        text = _ENTITY.sub(_resolved, _ENTITY.sub(_resolved, text))
    if ";" in text:
        text = _REST_OF_ENTITY.sub(_resolved, text)
    if "<" in text:
        text = _BLOCK_TAG.sub(_APART, _INLINE_TAG.sub("", text))
    return text


def clean_plain(text: str) -> str:
    """Do the rest of `clean` for a text without markup; of ASCII, each part between white space by itself."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", _PILE.sub(r"\1", _INVISIBLE.sub("", text)))
        text = _FONT.sub(_plain_letters, text)
    text = text.lower().translate(_ONE_SPELLING) if not text.isascii() or "`" in text else text.lower()
    if "://" in text or "www." in text:
        text = _LINK.sub(_APART, text)
    if _has_address(text):
        # Part by part: a pattern of a whole address would try each start anew.
        text = " ".join(_APART if _has_address(part) else part for part in text.split())
    return text


def _resolved(match: re.Match[str]) -> str:
    return _unescaped("&" + match.group().strip("& "))


@lru_cache(_REMEMBERED)
def _unescaped(entity: str) -> str:
    return html.unescape(entity)


def _plain_letters(match: "regex.Match[str]") -> str:
    return unicodedata.normalize("NFKC", match.group())


def _has_address(text: str) -> bool:
    return ("@" in text and _MAIL.search(text) is not None) or ("." in text and _SITE.search(text) is not None)

"""Laughter, sighs and other sounds: words of no language."""

import re

_LAUGHTER = (
    r"[bmpw]{0,2}[aeiou]*(?:h+[aeiou]+){2,}h*[ysz]*",
    r"(?:j+[aeiou]+){2,}j*",
    r"(?:[aeiou]+h+){2,}[aeiou]*",
    r"(?:h+[aeiou]+){2,}[a-z]?",
    r"[aeo]{0,2}(?:h[aeiou]?)*h{3,}[aeiouh]*",
    r"k{3,}",
    r"(?:wk){2,}w?",
    r"(?:ke){3,}k?",
    r"h{2,}",
    r"(?:lo+)+l+z*",
    r"lma+o+",
    r"lmfa+o+",
    r"rofl+",
    r"x+d+",
)
_SOUNDS = (
    r"h+m+p?h*",
    r"m+h*m+",
    r"[aeou]+h+m*",
    r"h+[aeu]+y+s*t*",
    r"h+a+i+s+t+",
    r"u+g+h+",
    r"e+w+",
    r"w+o+w+",
    r"a+w+",
    r"t?sk+",
    r"y+e+y+",
    r"hu+h+",
    r"hu+",
    r"na+h+",
    r"ya+y+",
    r"e+r+m+",
    r"(?:bla+h*){2,}",
)
_NOISE = re.compile("|".join((*_LAUGHTER, *_SOUNDS)))


def is_noise(word: str) -> bool:
    """Tell whether a lower-case word of at most 40 characters is laughter of any length and spelling, or a sound."""
    return _NOISE.fullmatch(word) is not None

"""The name of a topic as BERTopic gives it: the number and the first keywords, joined by underscores."""

from collections.abc import Sequence
from typing import Final

N_LABEL_KEYWORDS: Final = 4
# What a database column can take.
MAX_LABEL: Final = 200


def raw_label(number: int, keywords: Sequence[str]) -> str:
    """Join the number and the first four keywords, as many as fit."""
    words = list(keywords[:N_LABEL_KEYWORDS])
    while len(label := "_".join([str(number), *words])) > MAX_LABEL and len(words) > 1:
        words = words[:-1]
    return label[:MAX_LABEL]


def label_words(label: str) -> list[str]:
    """Take the words of a label apart: what stands between the underscores behind the number."""
    return [word for word in label.split("_")[1:] if word]

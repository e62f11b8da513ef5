"""Split all texts of a batch into tokens, each piece that stands between white space once, however often it stands."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Final

import numpy as np

from worker.topics.fit import IntArray
from worker.topics.words.tokens import pieces, split_piece

_BREAK: Final = "."


@dataclass(frozen=True)
class Tokens:
    """The tokens of a batch, the documents one after the other, a break after each.

    Attributes:
        numbers: the distinct tokens, each with its number, by first appearance.
        ids: (k,) int64, the number of each token.
        ends: (n + 1,) int64, where each document begins in `ids`.
    """

    numbers: dict[str, int]
    ids: IntArray
    ends: IntArray


def split_all(texts: Sequence[str]) -> Tokens:
    """Split texts, (n,), as `tokens.split` splits each."""
    n_pieces: list[int] = []
    piece_numbers, piece_ids = _numbered(chain.from_iterable(_pieces(texts, n_pieces)))
    parts = [split_piece(piece) for piece in piece_numbers]
    numbers, ids = _numbered(chain.from_iterable(parts))
    lengths = np.array([len(part) for part in parts], dtype=np.int64)
    # Where each piece of the batch ends among the tokens of the batch, and where it begins among those of the pieces.
    ends, begins = np.cumsum(lengths[piece_ids]), np.cumsum(lengths) - lengths
    last = np.cumsum(np.array(n_pieces, dtype=np.int64)) - 1
    n_tokens = lengths[piece_ids]
    shifts = np.repeat(begins[piece_ids] - (ends - n_tokens), n_tokens)
    return Tokens(numbers, ids[shifts + np.arange(len(shifts))], np.concatenate([[0], ends[last]]).astype(np.int64))


def _pieces(texts: Sequence[str], n_pieces: list[int]) -> Iterator[list[str]]:
    """Give the pieces of each text and a break, and add to a list how many these are."""
    for text in texts:
        own = pieces(text)
        own.append(_BREAK)
        n_pieces.append(len(own))
        yield own


def _numbered(keys: Iterable[str]) -> tuple[dict[str, int], IntArray]:
    """Number strings by their first appearance; give the numbers of the distinct ones and of each, (k,) int64."""
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    # A new key gets the next number as it is looked up.
    ids = np.fromiter(map(numbers.__getitem__, keys), dtype=np.int64)
    numbers.default_factory = None
    return numbers, ids

"""What turns an n-gram into a vector: a sentence-transformers model, or the batch itself."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import sparse

from worker.topics.fit import DoubleArray, FloatArray, IntArray
from worker.topics.words.sentence_models import BatchModel, SentenceModel

CORPUS = "corpus"
# N-gram vectors kept across jobs: 50,000 of LaBSE are 150 MB.
CACHE_SIZE = 50_000
# Always encode 32 rows of equal length (short batches are filled up with copies): a model's output depends
# slightly on the batch size, and a warm process must give the same bytes as a cold one.
BATCH_ROWS = 32
# Of a model whose vectors do not depend on it, so many rows of equal length at a time, without copies.
ROWS_APART = 64
# Of the candidates of a topic a model sees so many: those that the batch's own vectors find best.
MOST_ENCODED = 50
# Texts compared with their given embeddings to see whether both come from one model.
PROBE_TEXTS = 8
SAME_SPACE_COSINE = 0.8


@dataclass(frozen=True)
class Candidates:
    """N-grams to be turned into vectors, and where they occur.

    Attributes:
        terms: (t,) the n-grams.
        doc_term_matrix: (n, t) CSR, how often each document holds each n-gram.
        texts: (n,) the documents.
        embeddings: (n, d) float32, L2-normalized, their given vectors.
    """

    terms: Sequence[str]
    doc_term_matrix: sparse.csr_matrix
    texts: Sequence[str]
    embeddings: FloatArray


@dataclass(frozen=True)
class KeywordSpace:
    """Vectors of n-grams and documents that can be compared with each other.

    Attributes:
        terms: (t, d) float32, L2-normalized.
        documents: (m, d) float32, L2-normalized; the documents `rows` of the batch.
        rows: (m,) int64.
    """

    terms: FloatArray
    documents: FloatArray
    rows: IntArray


class KeywordEncoder(Protocol):
    """Where keywords get their vectors from.

    Attributes:
        hits: n-grams whose vectors came from the cache, over the life of the encoder.
        misses: n-grams that had to be encoded.
        most_terms: of how many n-grams a topic it makes vectors; None for any number.
    """

    hits: int
    misses: int

    @property
    def most_terms(self) -> int | None:
        """A model takes a thousand times as long for an n-gram as a sum of given embeddings."""

    @property
    def name(self) -> str:
        """As a log line or a report names it."""

    def space(self, candidates: Candidates, typical: Callable[[], IntArray]) -> KeywordSpace:
        """Place n-grams and documents in one space.

        Args:
            candidates: what to encode.
            typical: asked for the documents to encode, (m,) int64, if the given embeddings do not serve.
        """


class CorpusEncoder:
    """N-gram vectors out of the given embeddings: no model, any language.

    An n-gram is the mean of the centred embeddings of the documents that hold it.
    """

    name = CORPUS
    most_terms = None

    def __init__(self) -> None:
        # This encoder has no cache, because its vectors are valid for one batch only.
        self.hits = 0
        self.misses = 0

    def space(self, candidates: Candidates, typical: Callable[[], IntArray]) -> KeywordSpace:
        """Place n-grams and documents, both minus the mean of the batch; `typical` is not needed."""
        centred = candidates.embeddings - candidates.embeddings.mean(axis=0, dtype=np.float64).astype(np.float32)
        # Here, since a prediction imports this module and needs no torch.
        from worker.topics.words.sums import summed

        terms = unit(summed(candidates.doc_term_matrix, centred))
        return KeywordSpace(terms, unit(centred), np.arange(len(centred)))


class TransformerEncoder:
    """N-gram vectors by a sentence-transformers model, cached across batches."""

    most_terms = MOST_ENCODED

    def __init__(self, model: SentenceModel, name: str, words: SentenceModel | None = None) -> None:
        """Take a loaded model.

        Args:
            model: encodes documents.
            name: it was asked for by.
            words: the same model in a quicker form, for n-grams; None if there is none.
        """
        self.name = name
        self._model = model
        self._words = words or model
        self._cache: OrderedDict[str, FloatArray] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def forget(self) -> None:
        """Empty the cache."""
        self._cache.clear()

    def space(self, candidates: Candidates, typical: Callable[[], IntArray]) -> KeywordSpace:
        """Place n-grams beside the given embeddings, or beside encoded documents.

        The given embeddings serve if they are this model's own, which a few encoded texts
        tell; zero padding of a shorter vector does no harm. Else `typical` documents are encoded.
        """
        terms = self.encode(candidates.terms)
        width = candidates.embeddings.shape[1]
        if self.made(candidates.texts, candidates.embeddings):
            return KeywordSpace(_pad(terms, width), candidates.embeddings, np.arange(len(candidates.embeddings)))
        rows = typical()
        return KeywordSpace(terms, self.encode_documents([candidates.texts[i] for i in rows]), rows)

    @property
    def dimension(self) -> int:
        """How many numbers a vector of this model has."""
        return int(self._model.get_embedding_dimension() or 0)

    def encode_documents(self, texts: Sequence[str], on_done: Callable[[float], None] = lambda _: None) -> FloatArray:
        """Encode whole documents: (n, d) float32, L2-normalized; equal texts have equal vectors, whatever their order.

        Nothing is cached. Texts of one length are encoded together, so that a batch is hardly filled up.

        Args:
            texts: (n,), at least one.
            on_done: takes the share that is done, after each batch.
        """
        distinct = sorted(set(texts), key=lambda text: (len(text), text))
        vectors = np.empty((len(distinct), self.dimension), dtype=np.float32)
        for start in range(0, len(distinct), BATCH_ROWS):
            batch = distinct[start : start + BATCH_ROWS]
            encoded = self._model.encode(batch, batch_size=BATCH_ROWS, show_progress_bar=False)
            vectors[start : start + len(batch)] = unit(np.asarray(encoded, dtype=np.float32))
            on_done((start + len(batch)) / len(distinct))
        rows = {text: row for row, text in enumerate(distinct)}
        return vectors[[rows[text] for text in texts]]

    def encode(self, terms: Sequence[str]) -> FloatArray:
        """Encode n-grams: (t, d) float32, L2-normalized; those seen before come from the cache."""
        missing = [term for term in dict.fromkeys(terms) if term not in self._cache]
        self.hits += len(terms) - len(missing)
        self.misses += len(missing)
        for term, vector in zip(missing, self._encode_rows(missing), strict=True):
            self._cache[term] = vector
        for term in terms:
            self._cache.move_to_end(term)
        vectors = np.stack([self._cache[term] for term in terms])
        while len(self._cache) > CACHE_SIZE:
            self._cache.popitem(last=False)
        return vectors

    def made(self, texts: Sequence[str], embeddings: FloatArray) -> bool:
        """Tell whether embeddings, (n, d) float32 L2-normalized, look like this model's own of these texts, (n,)."""
        return self.likeness(texts, embeddings) >= SAME_SPACE_COSINE

    def likeness(self, texts: Sequence[str], embeddings: FloatArray) -> float:
        """Give the median cosine of the embeddings of a few texts with this model's own; -1 if these are longer."""
        if self.dimension > embeddings.shape[1]:
            return -1.0
        # Of the shortest sixteenth of the texts: any would do, and long ones take a quarter of a second.
        by_length = np.argsort([len(text) for text in texts], kind="stable")
        rows = by_length[np.unique(np.linspace(0, (len(by_length) - 1) // 16, PROBE_TEXTS).astype(np.int64))]
        probe = [texts[i] for i in rows]
        encoded = unit(self._encode_batches([probe])[0])
        cosines = np.einsum("ij,ij->i", _pad(encoded, embeddings.shape[1]), embeddings[rows])
        return float(np.median(cosines))

    def _encode_rows(self, texts: Sequence[str]) -> FloatArray:
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        lengths = np.array([len(ids) for ids in self._words.tokenizer(list(texts), truncation=True)["input_ids"]])
        order = np.argsort(lengths, kind="stable")
        by_length = [order[lengths[order] == length] for length in np.unique(lengths)]
        is_apart = isinstance(self._words, BatchModel) and self._words.rows_apart
        size = ROWS_APART if is_apart else BATCH_ROWS
        batches = [own[start : start + size] for own in by_length for start in range(0, len(own), size)]
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        filled = batches if is_apart else [np.resize(rows, BATCH_ROWS) for rows in batches]
        encoded = self._encode_batches([[texts[i] for i in rows] for rows in filled])
        for rows, own in zip(batches, encoded, strict=True):
            vectors[rows] = unit(np.asarray(own, dtype=np.float32)[: len(rows)])
        return vectors

    def _encode_batches(self, batches: list[list[str]]) -> list[FloatArray]:
        if isinstance(self._words, BatchModel):
            return self._words.encode_batches(batches)
        options = {"batch_size": BATCH_ROWS, "show_progress_bar": False, "normalize_embeddings": False}
        return [self._words.encode(batch, **options) for batch in batches]


def unit(vectors: FloatArray | DoubleArray) -> FloatArray:
    """Scale rows to length one; a zero row stays zero."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: FloatArray = (vectors / np.maximum(norms, 1e-12)).astype(np.float32)
    return scaled


def _pad(vectors: FloatArray, width: int) -> FloatArray:
    return np.pad(vectors, ((0, 0), (0, width - vectors.shape[1])))

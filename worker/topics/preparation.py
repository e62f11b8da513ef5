"""What the fits of one batch share, whatever their parameters: order, neighbors, vocabulary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from scipy import sparse

from worker.topics.adaptation import AdaptedParams
from worker.topics.clusters.voters import N_VOTERS, Voters, make_voters
from worker.topics.corpus import Corpus, canonical_order, make_corpus
from worker.topics.fit import FloatArray, IntArray, TopicParams
from worker.topics.graph.neighbors import Neighbors, nearest_neighbors
from worker.topics.naming import form_counts, word_forms
from worker.topics.words.encoders import KeywordEncoder
from worker.topics.words.vocabulary import Vocabulary, build_vocabulary


class Preparation:
    """A batch made ready for one fit or for several; each part is computed once, when it is first needed."""

    def __init__(self, texts: Sequence[str], embeddings: FloatArray, device: str, *, most_neighbors: int = 0) -> None:
        """Take the batch.

        Args:
            texts: (n,) the documents. Not edited.
            embeddings: (n, d) float32, L2-normalized. Not modified.
            device: "cpu" or "cuda:N".
            most_neighbors: what the most demanding fit will ask for, so that one search serves all.
        """
        self.order: IntArray = canonical_order(texts, embeddings)
        self.corpus: Corpus = make_corpus([texts[i] for i in self.order], embeddings[self.order])
        self.device = device
        self._most_neighbors = most_neighbors
        self._neighbors: Neighbors | None = None

    def neighbors(self, k: int) -> Neighbors:
        """Give the k nearest neighbors of each document.

        The first k of a longer list are the same, but for very large batches on a CPU, whose
        candidates are sketched: there a longer search misses less.
        """
        k = min(k, len(self.order) - 1)
        if self._neighbors is None or self._neighbors.indices.shape[1] < k:
            self._neighbors = nearest_neighbors(self.corpus.embeddings, max(k, self._most_neighbors), self.device)
        return Neighbors(self._neighbors.indices[:, :k], self._neighbors.distances[:, :k])

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words of the batch."""
        return build_vocabulary(self.corpus.texts)

    @cached_property
    def forms(self) -> Mapping[str, str]:
        """What the forms of each word have in common."""
        return word_forms(self.vocabulary)

    @cached_property
    def words(self) -> sparse.csr_matrix:
        """How often each document holds each word, whatever its form: (n, f) CSR."""
        return form_counts(self.vocabulary, self.forms)

    def for_fit(self, params: TopicParams, adapted: AdaptedParams, encoder: KeywordEncoder) -> "Prepared":
        """Give what one fit needs of it; searches the neighbors."""
        neighbors = self.neighbors(max(adapted.n_neighbors - 1, N_VOTERS))
        voters = make_voters(neighbors.indices, neighbors.distances, self.corpus.comments)
        return Prepared(self, neighbors, voters, params, adapted, encoder)


@dataclass(frozen=True, eq=False)
class Prepared:
    """What one fit goes by.

    Attributes:
        shared: what other fits of the same batch go by, too.
        neighbors: those that UMAP looks at, and at least those that vote.
        voters: the nearest of them.
        params: what was asked for.
        adapted: what is in force.
        encoder: gives keywords their vectors.
    """

    shared: Preparation
    neighbors: Neighbors
    voters: Voters
    params: TopicParams
    adapted: AdaptedParams
    encoder: KeywordEncoder

    @property
    def corpus(self) -> Corpus:
        """The batch in canonical order."""
        return self.shared.corpus

    @property
    def vocabulary(self) -> Vocabulary:
        """The words of the batch."""
        return self.shared.vocabulary

    @property
    def device(self) -> str:
        """Where tensors are: "cpu" or "cuda:N"."""
        return self.shared.device

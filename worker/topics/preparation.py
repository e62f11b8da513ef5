"""What the fits of one batch share, whatever their parameters: order, neighbors, vocabulary."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from scipy import sparse

from worker.topics.adaptation import AdaptedParams, adapt
from worker.topics.clusters.voters import N_VOTERS, Voters, make_voters
from worker.topics.corpus import Corpus, canonical_order, make_corpus
from worker.topics.earlier import EarlierTopics
from worker.topics.fit import Details, FloatArray, IntArray, TopicParams
from worker.topics.graph.neighbors import Neighbors, nearest_neighbors, neighbors_among
from worker.topics.graph.neutralizing import neutralize
from worker.topics.graph.reduction import Layouts
from worker.topics.naming import form_counts
from worker.topics.words.encoders import KeywordEncoder
from worker.topics.words.phrases import read_texts
from worker.topics.words.vocabulary import Vocabulary, vocabulary_of
from worker.topics.words.wording import Wording, contrasts_of, read_wording


class Preparation:
    """A batch made ready for one fit or for several; each part is computed once, when it is first needed."""

    def __init__(
        self,
        texts: Sequence[str],
        embeddings: FloatArray,
        device: str,
        *,
        most_neighbors: int = 0,
        keeps_layouts: bool = False,
    ) -> None:
        """Take the batch.

        Args:
            texts: (n,) the documents. Not edited.
            embeddings: (n, d) float32, L2-normalized. Not modified.
            device: "cpu" or "cuda:N".
            most_neighbors: what the most demanding fit will ask for, so that one search serves all.
            keeps_layouts: whether fits that ask for the same layout share it.
        """
        self.order: IntArray = canonical_order(texts, embeddings)
        self.corpus: Corpus = make_corpus([texts[i] for i in self.order], embeddings[self.order])
        self._device = device
        self._most_neighbors = most_neighbors
        self._found: Neighbors | None = None
        self._n_nearest = 0
        self._words: tuple[tuple[str, ...], Vocabulary, Wording] | None = None
        self._given: FloatArray = self.corpus.embeddings
        self._removed: dict[str, float] = {}
        self._is_neutral = False
        self._layouts: Layouts | None = {} if keeps_layouts else None

    @property
    def given(self) -> FloatArray:
        """The embeddings as they were given, in canonical order: (n, d) float32; a fit may neutralize the corpus's."""
        return self._given

    def neighbors(self, k: int) -> Neighbors:
        """Give the k nearest neighbors of each document.

        The first k of a longer list are the same, but for very large batches on a CPU, whose
        candidates are sketched: there a longer search misses less.
        """
        k = min(k, len(self.order) - 1)
        if self._found is None or self._n_nearest < k:
            self._n_nearest = max(k, self._most_neighbors)
            self._found = nearest_neighbors(self.corpus.embeddings, self._n_nearest, self._device, spare=True)
        return Neighbors(self._found.indices[:, :k], self._found.distances[:, :k])

    def part(self, kept: IntArray, prepared: "Prepared") -> "Prepared":
        """Give what a first fit of some of the documents needs, without another search.

        Args:
            kept: (m,) int64, rising rows of the corpus.
            prepared: of this batch; its neighbors were searched.
        """
        if self._found is None:
            raise ValueError("part() needs the neighbors that for_fit() searches")
        corpus, vocabulary = prepared.corpus, prepared.vocabulary
        adapted = adapt(prepared.params, len(kept))
        neighbors = neighbors_among(kept, self._found, max(adapted.n_neighbors - 1, N_VOTERS))
        some = make_corpus([corpus.texts[row] for row in kept.tolist()], corpus.embeddings[kept])
        return replace(
            prepared,
            corpus=some,
            given=prepared.given[kept],
            neighbors=neighbors,
            voters=make_voters(neighbors.indices, neighbors.distances, some.comments),
            vocabulary=replace(vocabulary, doc_term_matrix=vocabulary.doc_term_matrix[kept]),
            adapted=adapted,
            earlier=None,
            layouts=None,
        )

    def words(self, stop_words: tuple[str, ...] = ()) -> tuple[Vocabulary, Wording]:
        """Give the words of the batch without these own stop words, and its wording; the last answer is kept."""
        if self._words is None or self._words[0] != stop_words:
            reading = read_texts(self.corpus.texts, stop_words)
            self._words = stop_words, vocabulary_of(reading), read_wording(reading)
        return self._words[1:]

    def neutralize(self, wording: Wording, asked: bool) -> None:
        """Take out of the embeddings what tells wording if it is asked for, else put it back."""
        if self._is_neutral == asked:
            return
        self._is_neutral = asked
        neutral = neutralize(self._given, contrasts_of(wording) if asked else {})
        if neutral.removed.keys() != self._removed.keys():
            self.corpus = replace(self.corpus, embeddings=neutral.embeddings)
            self._removed = dict(neutral.removed)
            self._found = None
            self._layouts = None if self._layouts is None else {}

    def for_fit(self, params: TopicParams, adapted: AdaptedParams, encoder: KeywordEncoder) -> "Prepared":
        """Give what one fit needs of it; searches the neighbors."""
        vocabulary, wording = self.words(params.stop_words)
        self.neutralize(wording, params.neutralize)
        neighbors = self.neighbors(max(adapted.n_neighbors - 1, N_VOTERS))
        return Prepared(
            corpus=self.corpus,
            given=self._given,
            removed=self._removed,
            neighbors=neighbors,
            voters=make_voters(neighbors.indices, neighbors.distances, self.corpus.comments),
            vocabulary=vocabulary,
            wording=wording,
            params=params,
            adapted=adapted,
            encoder=encoder,
            device=self._device,
            layouts=self._layouts,
        )


@dataclass(frozen=True, eq=False)
class Prepared:
    """What one fit goes by.

    Attributes:
        corpus: the batch in canonical order; its embeddings are without what `removed` names.
        given: (n, d) float32, the embeddings as they were given.
        removed: what was taken out of them, with the share of the variance that it had.
        neighbors: those that UMAP looks at, and at least those that vote.
        voters: the nearest of them.
        vocabulary: of the batch.
        wording: of the batch.
        params: what was asked for.
        adapted: what is in force.
        encoder: gives keywords their vectors.
        device: "cpu" or "cuda:N".
        earlier: the topics of an earlier fit; None for a first one.
        layouts: that fits of these documents share; None if they share none.
    """

    corpus: Corpus
    given: FloatArray
    removed: Mapping[str, float]
    neighbors: Neighbors
    voters: Voters
    vocabulary: Vocabulary
    wording: Wording
    params: TopicParams
    adapted: AdaptedParams
    encoder: KeywordEncoder
    device: str
    earlier: EarlierTopics | None = None
    layouts: Layouts | None = None

    @property
    def keeps_topics(self) -> bool:
        """Whether documents stay in the topics that they were in before."""
        return self.earlier is not None and not self.params.refit and bool((self.earlier.labels >= 0).any())

    def details(self) -> Details:
        """Name the parameters in force and what was taken out of the embeddings, for the log."""
        removed = ", ".join(f"{name} {share:.1%}" for name, share in self.removed.items())
        neutralized = {"neutralized": removed or "nothing"} if self.params.neutralize else {}
        return {**self.adapted.details(), **neutralized}

    @cached_property
    def words(self) -> sparse.csr_matrix:
        """How often each document holds each word, whatever its form: (n, f) CSR."""
        return form_counts(self.vocabulary)

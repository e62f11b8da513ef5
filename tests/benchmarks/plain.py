"""Plain BERTopic, set up as its documentation says, with the parameters of RUN 012."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from bertopic import BERTopic
from bertopic.backend import BaseEmbedder
from bertopic.representation import KeyBERTInspired
from hdbscan import HDBSCAN
from sentence_transformers import SentenceTransformer
from sklearn.base import clone
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer
from umap import UMAP

from tests.benchmarks.corpora import LabelledCorpus
from worker.topics.fit import FloatArray, IntArray


class PaddedBackend(BaseEmbedder):  # type: ignore[misc]
    """A sentence-transformers model whose vectors are as wide as the given ones."""

    def __init__(self, model: SentenceTransformer, width: int) -> None:
        """Take the model and the width of the corpus's embeddings."""
        super().__init__()
        self.model = model
        self.width = width

    def embed(self, documents: list[str], verbose: bool = False) -> FloatArray:
        """Encode texts: (n, width) float32."""
        vectors = np.asarray(self.model.encode(list(documents), show_progress_bar=verbose), dtype=np.float32)
        return np.pad(vectors, ((0, 0), (0, self.width - vectors.shape[1])))


_VECTORIZER = CountVectorizer(ngram_range=(1, 2), stop_words="english")


@dataclass(frozen=True)
class PlainFit:
    """What plain BERTopic found: (n,) labels, and the keywords of each topic as they come."""

    labels: IntArray
    topics: list[list[str]]


def tokenize_plain(text: str) -> list[str]:
    """Split a text as the plain recipe's vectorizer does."""
    words: list[str] = _VECTORIZER.build_tokenizer()(text.lower())
    return [word for word in words if word not in ENGLISH_STOP_WORDS]


def plain_model(
    width: int, model: SentenceTransformer, seed: int, nr_topics: int | None = 20, **replaced: Any
) -> BERTopic:
    """Make the plain recipe, not fitted yet.

    Args:
        width: of the corpus's embeddings.
        model: encodes words.
        seed: of UMAP.
        nr_topics: None for as many as there are.
        replaced: parts that take the place of the recipe's own, by BERTopic's names.
    """
    stages: dict[str, Any] = {
        "umap_model": UMAP(n_neighbors=20, n_components=10, min_dist=0.0, metric="cosine", random_state=seed),
        "hdbscan_model": HDBSCAN(min_cluster_size=15, min_samples=5, metric="euclidean", prediction_data=True),
        "vectorizer_model": clone(_VECTORIZER),
        "representation_model": KeyBERTInspired(),
        "embedding_model": PaddedBackend(model, width),
    }
    return BERTopic(nr_topics=nr_topics, **stages | replaced)


def fit_plain(corpus: LabelledCorpus, model: SentenceTransformer, seed: int, nr_topics: int = 20) -> PlainFit:
    """Run the plain recipe on a corpus."""
    fitted = plain_model(corpus.embeddings.shape[1], model, seed, nr_topics)
    labels, _ = fitted.fit_transform(corpus.texts, corpus.embeddings)
    words = {topic: [word for word, _ in pairs if word] for topic, pairs in fitted.get_topics().items()}
    return PlainFit(np.array(labels, dtype=np.int64), [words[topic] for topic in sorted(words) if topic >= 0])

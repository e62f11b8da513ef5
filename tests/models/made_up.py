"""Documents of known themes, fits of them whose topics are the themes, and an engine that gives such fits at once."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.topics.themes import themed_corpus
from worker.models.building import Origin, build
from worker.models.model import Documents, KeptModel
from worker.models.updating import Updated, update
from worker.topics.engine import Engine
from worker.topics.fit import FloatArray, IntArray, NoTopics, Topic, TopicFit, TopicMetrics, TopicParams
from worker.topics.traits import TopicTraits
from worker.topics.words.candidates import members
from worker.topics.words.encoders import CorpusEncoder
from worker.topics.words.vocabulary import build_vocabulary

DAY_ONE = Origin("2026-03-01T00:00:00.000Z", embedding_model="LaBSE")
DAY_TWO = Origin("2026-03-02T00:00:00.000Z", parent="20260301_000000", embedding_model="LaBSE")
METRICS = TopicMetrics(0.0, 1.0, 0.0, 0.0, 0.0)


class Comments:
    """Comments of six themes, `n` each, the themes one after the other."""

    def __init__(self, n: int, *, noise: float = 0.02, seed: int = 0) -> None:
        """Make them."""
        texts, self.embeddings, themes = themed_corpus(n, noise=noise, seed=seed)
        self.themes = np.array(themes, dtype=np.int64)
        # The words of a theme's documents differ by a number, so that no two texts are equal.
        self.texts = [f"{text} number{i}" for i, text in enumerate(texts)]
        self.ids = [f"s{i:05}" for i in range(len(texts))]

    def documents(self, rows: Sequence[int] | IntArray) -> Documents:
        """Take some of them."""
        chosen = [int(row) for row in rows]
        return Documents([self.texts[i] for i in chosen], [self.ids[i] for i in chosen], self.embeddings[chosen])

    def rows(self, *themes: int, first: int = 0, last: int | None = None) -> IntArray:
        """Name the documents `first` to `last` of each of these themes."""
        return np.concatenate([np.flatnonzero(self.themes == theme)[first:last] for theme in themes])


def fit_of(labels: IntArray, texts: Sequence[str], embeddings: FloatArray) -> TopicFit:
    """Make the fit that has these labels: 0, 1, 2 ..., -1 for outliers."""
    n_topics, vocabulary = int(labels.max()) + 1, build_vocabulary(texts)
    topics = members(labels, n_topics)
    counts = (topics @ vocabulary.doc_term_matrix).tocsr()
    documents = (topics @ vocabulary.doc_term_matrix.astype(bool).astype(np.int32)).tocsr()
    counts.sort_indices()
    documents.sort_indices()
    terms = tuple(str(term) for term in vocabulary.terms)
    keywords = [
        tuple(terms[i] for i in np.argsort(-documents[topic].toarray()[0], kind="stable")[:6].tolist())
        for topic in range(n_topics)
    ]
    return TopicFit(
        labels=labels,
        probabilities=np.where(labels >= 0, 0.9, 0.0).astype(np.float32),
        topics=tuple(Topic(own, int(np.sum(labels == i))) for i, own in enumerate(keywords)),
        metrics=METRICS,
        parameters={"nr_topics": 20},
        traits=TopicTraits(
            centroids=np.stack([embeddings[labels == topic].mean(axis=0) for topic in range(n_topics)]),
            terms=terms,
            counts=counts.data.astype(np.int64),
            documents=documents.data.astype(np.int64),
            columns=counts.indices.astype(np.int64),
            starts=counts.indptr.astype(np.int64),
        ),
    )


def numbered(themes: IntArray) -> IntArray:
    """Number themes 0, 1, 2 ... by their order, -1 stays."""
    return np.unique(themes, return_inverse=True)[1].astype(np.int64) - int((themes < 0).any())


def first_model(comments: Comments, rows: IntArray, labels: IntArray | None = None) -> KeptModel:
    """Make the model whose topics are the themes of these documents."""
    documents = comments.documents(rows)
    labels = numbered(comments.themes[rows]) if labels is None else labels
    return build(fit_of(labels, documents.texts, documents.embeddings), documents, DAY_ONE)


def engine_of_themes(comments: Comments) -> Engine:
    """Give an engine that knows the themes."""
    theme_of = dict(zip(comments.texts, comments.themes.tolist(), strict=True))

    def fit(texts: Sequence[str], embeddings: FloatArray, params: TopicParams, **_: Any) -> TopicFit | NoTopics:
        labels = numbered(np.array([theme_of[text] for text in texts], dtype=np.int64))
        return fit_of(labels, texts, embeddings)

    return Engine(fit, CorpusEncoder(), "cpu", "knows the themes")


def updated(
    model: KeptModel, comments: Comments, rows: IntArray, origin: Origin = DAY_TWO, params: TopicParams | None = None
) -> Updated:
    """Take documents into a model."""
    return update(
        model,
        comments.documents(rows),
        params or TopicParams(),
        engine=engine_of_themes(comments),
        on_stage=lambda _: None,
        origin=origin,
    )

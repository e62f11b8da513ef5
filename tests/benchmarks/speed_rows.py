"""What `bench-speed` measures beside a fit: predictions, updates, and what a user would pick instead.

Each function makes what is then called with a corpus, again and again; what it has to prepare it prepares in the first
call, which does not count. A library that is not installed raises ImportError; EVoC, turftopic and fast-hdbscan come
with `pip install evoc turftopic fast-hdbscan`.
"""

import argparse
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from tests.benchmarks.corpora import LabelledCorpus
from tests.benchmarks.encoders import model_folder

Fit = Callable[[LabelledCorpus], dict[str, float]]

PLAIN_TRANSFORM: Final = "plain BERTopic, transform"
WORKER_PREDICT: Final = "worker, predict"
PLAIN_MERGE: Final = "plain BERTopic, fit and merge_models"
WORKER_UPDATE: Final = "worker, update"
K_MEANS: Final = "BERTopic, PCA and k-means"
FAST_HDBSCAN: Final = "BERTopic, fast-hdbscan"
EVOC: Final = "EVoC, clusters alone"
TURFTOPIC: Final = "turftopic, KeyNMF"
N_TOPICS: Final = 20


def _halves(corpus: LabelledCorpus) -> tuple[LabelledCorpus, LabelledCorpus]:
    """Give every second document, and the others."""
    rows = np.arange(len(corpus.texts))
    first, second = (
        LabelledCorpus(
            corpus.name,
            [corpus.texts[i] for i in half],
            np.ascontiguousarray(corpus.embeddings[half]),
            [corpus.labels[i] for i in half],
        )
        for half in (rows[::2], rows[1::2])
    )
    return first, second


def _prepared(
    prepare: Callable[[LabelledCorpus], Any], act: Callable[[Any, LabelledCorpus], object]
) -> Callable[[LabelledCorpus], dict[str, float]]:
    """Prepare with the first half of a corpus once, then act on the second half in each call."""
    ready: dict[int, Any] = {}

    def fit(corpus: LabelledCorpus) -> dict[str, float]:
        if len(corpus.texts) not in ready:
            first, second = _halves(corpus)
            ready[len(corpus.texts)] = prepare(first), second
        act(*ready[len(corpus.texts)])
        return {}

    return fit


def _sentence_model(arguments: argparse.Namespace) -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(model_folder(arguments.encoder), device="cpu")


def _fitted_plain(arguments: argparse.Namespace) -> Callable[[LabelledCorpus], Any]:
    from tests.benchmarks.plain import plain_model

    model = _sentence_model(arguments)
    return lambda corpus: plain_model(corpus.embeddings.shape[1], model, 42).fit(corpus.texts, corpus.embeddings)


def _plain_transform(arguments: argparse.Namespace) -> Fit:
    return _prepared(_fitted_plain(arguments), lambda fitted, new: fitted.transform(new.texts, new.embeddings))


def _plain_merge(arguments: argparse.Namespace) -> Fit:
    from bertopic import BERTopic

    fitted = _fitted_plain(arguments)
    return _prepared(fitted, lambda first, new: BERTopic.merge_models([first, fitted(new)]))


def _kept_model(arguments: argparse.Namespace) -> tuple[Callable[[LabelledCorpus], Any], Any]:
    from tests.benchmarks.lifecycle import documents, origin
    from worker.models.building import build
    from worker.topics.engine import Engine
    from worker.topics.fit import TopicFit, TopicParams
    from worker.topics.pipeline import fit_topics
    from worker.topics.words.loading import choose_encoder

    name = model_folder(arguments.encoder)
    encoder = choose_encoder(name, name, "cpu").encoder

    def kept(corpus: LabelledCorpus) -> Any:
        fit = fit_topics(
            corpus.texts,
            corpus.embeddings,
            TopicParams(),
            encoder=encoder,
            device="cpu",
            on_stage=lambda _: None,
            keep=True,
        )
        assert isinstance(fit, TopicFit)
        return build(fit, documents(corpus, np.arange(len(corpus.texts))), origin(0))

    return kept, Engine(fit_topics, encoder, "cpu", "the worker's own")


def _worker_predict(arguments: argparse.Namespace) -> Fit:
    from worker.models.assignment import assign

    return _prepared(_kept_model(arguments)[0], lambda model, new: assign(model, new.embeddings))


def _worker_update(arguments: argparse.Namespace) -> Fit:
    from tests.benchmarks.lifecycle import documents, origin
    from worker.models.updating import update
    from worker.topics.fit import TopicParams

    kept, engine = _kept_model(arguments)

    def take_in(model: Any, new: LabelledCorpus) -> object:
        if hasattr(engine.encoder, "forget"):
            engine.encoder.forget()
        some = documents(new, np.arange(len(new.texts)))
        return update(model, some, TopicParams(), engine=engine, on_stage=lambda _: None, origin=origin(1))

    return _prepared(kept, take_in)


def _bertopic_with(arguments: argparse.Namespace, nr_topics: int | None, **parts: Callable[[], Any]) -> Fit:
    from tests.benchmarks.plain import plain_model

    model = _sentence_model(arguments)

    def fit(corpus: LabelledCorpus) -> dict[str, float]:
        made = {name: make() for name, make in parts.items()}
        recipe = plain_model(corpus.embeddings.shape[1], model, 42, nr_topics, **made)
        recipe.fit_transform(corpus.texts, corpus.embeddings)
        return {}

    return fit


def _k_means(arguments: argparse.Namespace) -> Fit:
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    return _bertopic_with(
        arguments,
        None,
        umap_model=lambda: PCA(10, random_state=42),
        hdbscan_model=lambda: KMeans(N_TOPICS, n_init="auto", random_state=42),
    )


def _fast_hdbscan(arguments: argparse.Namespace) -> Fit:
    from fast_hdbscan import HDBSCAN

    return _bertopic_with(arguments, N_TOPICS, hdbscan_model=lambda: HDBSCAN(min_cluster_size=15, min_samples=5))


def _evoc(_: argparse.Namespace) -> Fit:
    from evoc import EVoC

    def fit(corpus: LabelledCorpus) -> dict[str, float]:
        EVoC().fit_predict(corpus.embeddings)
        return {}

    return fit


def _turftopic(arguments: argparse.Namespace) -> Fit:
    from turftopic import KeyNMF

    model = _sentence_model(arguments)
    # Its words are as wide as the model's vectors, so the padding of the documents has to go.
    width = int(model.get_sentence_embedding_dimension() or 0)

    def fit(corpus: LabelledCorpus) -> dict[str, float]:
        KeyNMF(N_TOPICS, encoder=model).fit_transform(corpus.texts, embeddings=corpus.embeddings[:, :width])
        return {}

    return fit


OTHERS: Final[dict[str, Callable[[argparse.Namespace], Fit]]] = {
    PLAIN_TRANSFORM: _plain_transform,
    WORKER_PREDICT: _worker_predict,
    PLAIN_MERGE: _plain_merge,
    WORKER_UPDATE: _worker_update,
    K_MEANS: _k_means,
    FAST_HDBSCAN: _fast_hdbscan,
    EVOC: _evoc,
    TURFTOPIC: _turftopic,
}

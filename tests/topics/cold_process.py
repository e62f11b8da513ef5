"""What one fresh process computes and loads."""

import hashlib
import sys
from importlib.util import find_spec
from typing import Any, Final

from tests.topics.themes import themed_corpus
from worker.topics.engine import Engine
from worker.topics.fit import TopicFit, TopicParams
from worker.topics.graph import neighbors
from worker.topics.graph.neighbors import nearest_neighbors
from worker.topics.graph.reduction import Reduction
from worker.topics.lazy_imports import is_waiting
from worker.topics.lazy_modules import WAITING
from worker.topics.pipeline import fit_topics, warm_up
from worker.topics.words.encoders import CorpusEncoder
from worker.topics.words.loading import choose_encoder

N_NEIGHBORS = 10
# Compilers, libraries of language models, drawing, and files that no batch needs.
UNUSED: Final = (
    "numba",
    "plotly",
    "pyarrow",
    "rich",
    "sentence_transformers",
    "sympy",
    "torch._dynamo",
    "torch.distributed.tensor",
    "transformers",
    "umap",
)


def fit_digest(noise: float) -> str:
    """Fit a themed corpus; give one digest of all that the fit says."""
    texts, embeddings, _ = themed_corpus(25, noise=noise)
    fit = fit_topics(texts, embeddings, TopicParams(), encoder=CorpusEncoder(), device="cpu", on_stage=lambda _: None)
    assert isinstance(fit, TopicFit)
    metrics = [round(value, 9) for value in vars(fit.metrics).values()]
    seen = (fit.labels.tobytes(), fit.probabilities.tobytes(), fit.topics, metrics)
    return hashlib.sha256(repr(seen).encode()).hexdigest()


def layout_digest(sketch_above: int) -> str:
    """Lay 1,200 documents out, from vectors to coordinates; give the digest of the coordinates."""
    usual, neighbors.SKETCH_ABOVE = neighbors.SKETCH_ABOVE, sketch_above
    embeddings = themed_corpus(200, noise=0.1)[1]
    found = nearest_neighbors(embeddings, N_NEIGHBORS - 1, "cpu")
    laid = Reduction(found, N_NEIGHBORS, 5, "cpu").fit_transform(embeddings)
    neighbors.SKETCH_ABOVE = usual
    return hashlib.sha256(laid.tobytes()).hexdigest()


def compute() -> dict[str, Any]:
    """Compute each thing once, the first fit before anything else was computed."""
    cold = fit_digest(0.06)
    warm_up(choose_encoder("auto", "nobody/no-such-model", "cpu").encoder, "cpu")
    loaded = [name for name in UNUSED if name in sys.modules]
    fit_digest(0.02)
    # As before each task: it asks torch for each kind of device that could draw numbers.
    Engine(fit_topics, CorpusEncoder(), "cpu", "the worker's own").begin_task()
    executed = [name for name in WAITING if name in sys.modules and not is_waiting(name)]
    return {
        "cold": cold,
        "warm": fit_digest(0.06),
        "exact": layout_digest(10**6),
        "sketched": layout_digest(0),
        "loaded": loaded,
        "executed": executed,
        "available": [name for name in ("plotly", "pyarrow", "transformers", "umap") if find_spec(name) is not None],
    }

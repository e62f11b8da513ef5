"""The engine on a GPU against the engine on the CPU; deselected if there is none."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from tests.topics.themes import themed_corpus
from worker.topics.evaluation import metrics
from worker.topics.fit import TopicFit, TopicParams
from worker.topics.graph.neighbors import nearest_neighbors
from worker.topics.graph.reduction import Reduction
from worker.topics.pipeline import fit_topics
from worker.topics.words.encoders import CorpusEncoder, TransformerEncoder
from worker.topics.words.loading import choose_device, choose_encoder

pytestmark = pytest.mark.cuda


def fit(device: str, noise: float = 0.05) -> tuple[TopicFit, list[int]]:
    """Run the engine on a themed corpus."""
    texts, embeddings, themes = themed_corpus(100, noise=noise)
    outcome = fit_topics(
        texts, embeddings, TopicParams(), encoder=CorpusEncoder(), device=device, on_stage=lambda _: None
    )
    assert isinstance(outcome, TopicFit)
    return outcome, themes


def test_auto_takes_the_gpu() -> None:
    """If there is one, nobody has to name it."""
    assert choose_device("auto") == "cuda:0"


def test_both_devices_find_the_same_neighbors() -> None:
    """Ranked in double precision, so index by index."""
    _, embeddings, _ = themed_corpus(100)
    cpu, gpu = (nearest_neighbors(embeddings, 20, device) for device in ("cpu", "cuda:0"))
    np.testing.assert_array_equal(cpu.indices, gpu.indices)
    np.testing.assert_allclose(cpu.distances, gpu.distances, atol=1e-7)


def test_the_layout_runs_on_the_gpu_and_twice_alike() -> None:
    """Memory is taken there, and two runs give the same bytes."""
    import torch

    _, embeddings, _ = themed_corpus(100)
    found = nearest_neighbors(embeddings, 19, "cuda:0")
    torch.cuda.reset_peak_memory_stats()
    first, second = (Reduction(found, 20, 10, "cuda:0").fit_transform(embeddings) for _ in range(2))
    assert torch.cuda.max_memory_allocated() > first.nbytes
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("noise", [0.03, 0.06])
def test_both_devices_find_the_same_themes(noise: float) -> None:
    """Agreement with the truth and with each other, and the same result twice."""
    (cpu, themes), (gpu, _), (again, _) = fit("cpu", noise), fit("cuda:0", noise), fit("cuda:0", noise)
    assert adjusted_rand_score(themes, gpu.labels) >= adjusted_rand_score(themes, cpu.labels) - 0.05
    assert normalized_mutual_info_score(cpu.labels, gpu.labels) > 0.9
    np.testing.assert_array_equal(gpu.labels, again.labels)
    assert gpu.topics == again.topics
    assert gpu.metrics == again.metrics


def test_the_silhouette_is_that_of_the_cpu() -> None:
    """To six decimals."""
    _, embeddings, themes = themed_corpus(50)
    labels = np.array(themes)
    cpu, gpu = (metrics.silhouette_score(embeddings, labels, device) for device in ("cpu", "cuda:0"))
    assert gpu == pytest.approx(cpu, abs=1e-6)


def test_the_model_runs_in_half_precision(real_model: str) -> None:
    """And its vectors stay those of the CPU but for rounding."""
    import torch

    gpu, cpu = (choose_encoder(real_model, "unused", device).encoder for device in ("cuda:0", "cpu"))
    assert isinstance(gpu, TransformerEncoder)
    assert isinstance(cpu, TransformerEncoder)
    assert {parameter.dtype for parameter in gpu._model.parameters()} == {torch.float16}
    terms = ["late", "clear example", "maayo mo explain", "fair grade"]
    cosines = np.einsum("ij,ij->i", gpu.encode(terms), cpu.encode(terms))
    assert cosines.min() > 0.999

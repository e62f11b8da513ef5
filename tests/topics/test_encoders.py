"""Where keyword vectors come from: a real small model, a tiny made one, and the corpus."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import sparse

from tests.small_model import make_model
from tests.topics.themes import THEMES, themed_corpus
from worker.topics.words import encoders, loading
from worker.topics.words.encoders import Candidates, CorpusEncoder, TransformerEncoder, unit
from worker.topics.words.loading import DeviceUnavailable, EncoderUnavailable, choose_device, choose_encoder
from worker.topics.words.vocabulary import build_vocabulary


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make a sentence-transformers model of random weights, 32-dim."""
    return make_model(tmp_path_factory.mktemp("tiny"), 32)


def candidates(texts: list[str], embeddings: np.ndarray) -> Candidates:
    """Take every term of the texts as a candidate."""
    vocabulary = build_vocabulary(texts)
    return Candidates([str(t) for t in vocabulary.terms], vocabulary.doc_term_matrix, texts, embeddings)


def load(name: str) -> TransformerEncoder:
    """Load a model by path."""
    encoder = choose_encoder(name, "unused", "cpu", "float32").encoder
    assert isinstance(encoder, TransformerEncoder)
    return encoder


def test_corpus_vectors_point_to_their_theme() -> None:
    """A word's vector is nearest to the documents of the theme it belongs to."""
    texts, embeddings, themes = themed_corpus(20)
    taken = candidates(texts, embeddings)
    space = CorpusEncoder().space(taken, lambda: np.arange(0))
    centroid = unit(space.documents[np.array(themes) == 2].mean(axis=0, keepdims=True))[0]
    best = np.argsort(-(space.terms @ centroid))[:5]
    assert {taken.terms[i].split(" ")[0] for i in best} <= set(THEMES["laboratory"].split())


@pytest.mark.slow
def test_given_embeddings_serve_where_they_are_the_models_own(real_model: str) -> None:
    """Zero-padded vectors of the model itself are recognised, and no document is encoded again."""
    encoder = load(real_model)
    texts, _, _ = themed_corpus(5)
    own = np.pad(encoder.encode(texts), ((0, 0), (0, 384)))
    space = encoder.space(candidates(texts, own), lambda: pytest.fail("no document has to be chosen"))
    assert space.documents is own
    assert space.terms.shape[1] == 768
    np.testing.assert_allclose(np.linalg.norm(space.terms, axis=1), 1, atol=1e-5)


def test_the_probe_takes_one_thread(real_model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two would wait for each other in each layer, for seconds if the cores are busy."""
    encoder, seen = load(real_model), []
    inner = encoder._words.encode
    monkeypatch.setattr(
        encoder._words,
        "encode",
        lambda *some, **options: seen.append(torch.get_num_threads()) or inner(*some, **options),
    )
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        texts, foreign, _ = themed_corpus(5)
        assert not encoder.made(texts, foreign)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert seen == [1]


def test_documents_are_encoded_where_the_given_vectors_are_foreign(real_model: str) -> None:
    """Vectors of another model say nothing about this model's words."""
    encoder = load(real_model)
    texts, foreign, _ = themed_corpus(5)
    space = encoder.space(candidates(texts, foreign), lambda: np.array([1, 4]))
    assert space.rows.tolist() == [1, 4]
    np.testing.assert_allclose(space.documents, encoder.encode([texts[1], texts[4]]), atol=1e-5)


def test_documents_are_encoded_once_each(real_model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents hardly ever have one length, so that batches of one length would be filled up with copies."""
    encoder, seen = load(real_model), []
    inner = encoder._model.encode
    monkeypatch.setattr(
        encoder._model, "encode", lambda texts, **options: seen.append(texts) or inner(texts, **options)
    )
    texts = ["late " * n for n in range(1, 41)]
    foreign = unit(np.random.default_rng(0).normal(size=(40, 768)))
    _ = encoder.space(candidates(texts, foreign), lambda: np.arange(40))
    documents = [text for batch in seen for text in batch if text in texts[20:]]
    assert sorted(documents) == sorted(texts[20:])


def test_a_model_wider_or_smaller_than_labse_works(tiny_model: str) -> None:
    """Any sentence-transformers model will do."""
    encoder = load(tiny_model)
    texts, foreign, _ = themed_corpus(3)
    space = encoder.space(candidates(texts, foreign), lambda: np.array([0, 2]))
    assert space.terms.shape[1] == space.documents.shape[1] == 32


def test_vectors_are_cached_across_jobs_and_do_not_depend_on_company(real_model: str) -> None:
    """The same n-gram has the same bytes alone, in a crowd, and from the cache."""
    encoder, other = load(real_model), load(real_model)
    texts, _, _ = themed_corpus(10)
    terms = [str(term) for term in build_vocabulary(texts).terms][:150]
    crowd = encoder.encode(terms)
    assert encoder.misses == len(terms)
    np.testing.assert_array_equal(encoder.encode(terms[::-1])[::-1], crowd)
    assert encoder.hits == len(terms)
    np.testing.assert_array_equal(other.encode(terms[40:90][::-1])[::-1], crowd[40:90])


def test_one_missing_vector_has_the_bytes_it_has_in_a_crowd(real_model: str) -> None:
    """A warm cache asks for few texts at a time; the model still sees as many rows as ever."""
    encoder = load(real_model)
    seen: list[int] = []
    inner = encoder._model.encode

    def counting(texts: list[str], **options: object) -> object:
        seen.append(len(texts))
        return inner(texts, **options)

    encoder._model.encode = counting
    encoder.encode(["late"])
    encoder.encode(["late", "fair", "clear lesson"])
    assert seen
    assert set(seen) == {encoders.BATCH_ROWS}


def test_the_cache_is_bounded(real_model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest vectors go."""
    monkeypatch.setattr(encoders, "CACHE_SIZE", 2)
    encoder = load(real_model)
    encoder.encode(["late", "fair", "clear"])
    encoder.encode(["fair", "clear"])
    assert encoder.hits == 2
    encoder.encode(["late"])
    assert encoder.misses == 4


def test_auto_falls_back_at_once_where_no_hub_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says so; nothing is retried."""
    asked = []

    def unreachable(url: str, timeout: float) -> None:
        asked.append(timeout)
        raise OSError

    monkeypatch.setattr(loading, "urlopen", unreachable)
    monkeypatch.setattr("huggingface_hub.constants.is_offline_mode", lambda: False)
    choice = choose_encoder("auto", "nobody/no-such-model", "cpu")
    assert choice.is_fallback
    assert choice.encoder.name == "corpus"
    assert "nobody/no-such-model is not on this machine and the model hub cannot be reached" in choice.message
    assert asked == [loading.HUB_TIMEOUT_S]


def test_auto_takes_the_model_where_it_is(real_model: str) -> None:
    """LABSE_MODEL may be a path."""
    choice = choose_encoder("auto", real_model, "cpu")
    assert not choice.is_fallback
    assert choice.encoder.name == real_model


def test_a_named_model_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever names a model does not want another."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.is_offline_mode", lambda: True)
    with pytest.raises(EncoderUnavailable, match="download it beforehand, or set KEYWORD_ENCODER=corpus"):
        choose_encoder("nobody/no-such-model", "unused", "cpu")


def test_a_folder_that_is_no_model_is_an_error(tmp_path: Path) -> None:
    """The message says which one."""
    with pytest.raises(EncoderUnavailable, match="is not a model that sentence-transformers can load"):
        choose_encoder(str(tmp_path), "unused", "cpu")


def test_corpus_is_chosen_by_name() -> None:
    """And is then no fallback."""
    assert not choose_encoder("corpus", "unused", "cpu").is_fallback


def test_a_missing_gpu_is_an_error() -> None:
    """DEVICE=cuda never runs on the CPU by stealth."""
    with pytest.raises(DeviceUnavailable, match="DEVICE=cuda:99"):
        choose_device("cuda:99")
    assert choose_device("cpu") == "cpu"


def test_corpus_vectors_of_a_term_in_no_document_are_zero() -> None:
    """No division by zero."""
    texts, embeddings, _ = themed_corpus(3, 2)
    taken = Candidates(["nowhere"], sparse.csr_matrix((len(texts), 1)), texts, embeddings)
    assert not CorpusEncoder().space(taken, lambda: np.arange(0)).terms.any()

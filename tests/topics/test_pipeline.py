"""The engine as a whole, on a corpus whose themes are known and on odd ones."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, homogeneity_score

from tests.topics.cold_process import fit_digest
from tests.topics.themes import THEMES, themed_corpus
from worker.topics.fit import (
    FloatArray,
    NoTopics,
    NoTopicsReason,
    Stage,
    StageFinished,
    StageStarted,
    TopicFit,
    TopicParams,
)
from worker.topics.pipeline import fit_topics
from worker.topics.words.encoders import CorpusEncoder, unit


def fit(texts: Sequence[str], embeddings: FloatArray, **params: int | bool) -> TopicFit | NoTopics:
    """Run the engine with corpus vectors on the CPU."""
    return fit_topics(
        texts, embeddings, TopicParams(**params), encoder=CorpusEncoder(), device="cpu", on_stage=lambda stage: None
    )


def found(outcome: TopicFit | NoTopics) -> TopicFit:
    """Expect topics, and check what always holds."""
    assert isinstance(outcome, TopicFit)
    sizes = [topic.size for topic in outcome.topics]
    assert sizes == sorted(sizes, reverse=True)
    assert np.bincount(outcome.labels[outcome.labels >= 0], minlength=len(sizes)).tolist() == sizes
    assert outcome.labels.dtype == np.int64
    assert ((outcome.probabilities >= 0) & (outcome.probabilities <= 1)).all()
    assert (outcome.probabilities[outcome.labels < 0] == 0).all()
    for topic in outcome.topics:
        assert 1 <= len(topic.keywords) <= 10
        assert len(set(topic.keywords)) == len(topic.keywords)
        assert all(len(word) > 1 for keyword in topic.keywords for word in keyword.split(" "))
    assert all(np.isfinite(value) for value in vars(outcome.metrics).values())
    return outcome


@pytest.fixture(scope="module")
def themed() -> tuple[list[str], FloatArray, list[int]]:
    """Make 240 comments of six themes."""
    return themed_corpus(40)


def test_a_batch_of_one_word() -> None:
    """Whatever else its comments hold are stop words; the topic is named by that word."""
    texts = ["Great", "great.", "so great", "Great teacher!"] * 10
    _, embeddings, _ = themed_corpus(10, 4)
    outcome = found(fit(texts, embeddings))
    assert {topic.keywords for topic in outcome.topics} == {("great",)}


def test_known_themes_are_found(themed: tuple[list[str], FloatArray, list[int]]) -> None:
    """Each theme is one topic, named by its own words."""
    texts, embeddings, themes = themed
    outcome = found(fit(texts, embeddings))
    assert adjusted_rand_score(themes, outcome.labels) > 0.95
    words = [set(words.split()) for words in THEMES.values()]
    for number, topic in enumerate(outcome.topics):
        theme = themes[int(np.flatnonzero(outcome.labels == number)[0])]
        assert {word for keyword in topic.keywords for word in keyword.split(" ")} <= words[theme]
    assert outcome.metrics.outlier_ratio < 0.1
    assert outcome.metrics.topic_diversity == 1.0


def test_stages_are_reported_in_order(themed: tuple[list[str], FloatArray, list[int]]) -> None:
    """Each stage begins and ends, with a duration and what it found."""
    texts, embeddings, _ = themed
    events: list[StageStarted | StageFinished] = []
    fit_topics(texts, embeddings, TopicParams(), encoder=CorpusEncoder(), device="cpu", on_stage=events.append)
    stages = [Stage.NEIGHBOURS, Stage.REDUCE, Stage.CLUSTER, Stage.REPRESENT, Stage.EVALUATE]
    assert [event.stage for event in events] == [stage for stage in stages for _ in range(2)]
    finished = {event.stage: event for event in events if isinstance(event, StageFinished)}
    assert all(event.duration_s >= 0 for event in finished.values())
    assert finished[Stage.CLUSTER].details["topics"] == len(THEMES)
    assert finished[Stage.EVALUATE].details["encoder"] == "corpus"


def test_the_order_of_items_does_not_matter(themed: tuple[list[str], FloatArray, list[int]]) -> None:
    """Shuffled items get the same topics and the same assignments."""
    texts, embeddings, _ = themed
    texts, embeddings = [*texts, *texts[:5]], np.concatenate([embeddings, embeddings[:5]])
    straight = found(fit(texts, embeddings))
    order = np.random.default_rng(5).permutation(len(texts))
    shuffled = found(fit([texts[i] for i in order], embeddings[order]))
    assert shuffled.topics == straight.topics
    assert shuffled.metrics == straight.metrics
    np.testing.assert_array_equal(shuffled.labels, straight.labels[order])
    np.testing.assert_array_equal(shuffled.probabilities, straight.probabilities[order])


def test_inputs_are_not_modified(themed: tuple[list[str], FloatArray, list[int]]) -> None:
    """The caller's arrays are the caller's."""
    texts, embeddings, _ = themed
    before = embeddings.copy()
    fit(texts, embeddings)
    np.testing.assert_array_equal(embeddings, before)


@pytest.mark.slow
def test_same_bytes_in_every_process(cold_processes: list[dict[str, Any]]) -> None:
    """Hash seeds, thread counts and earlier jobs of a warm process change nothing."""
    digests = {told[warmth] for told in cold_processes for warmth in ("cold", "warm")}
    # This process is a third one: warm, with a hash seed and threads of its own.
    assert digests == {fit_digest(0.06)}


def sample(n: int) -> tuple[list[str], FloatArray, list[int]]:
    """Draw some comments of six themes."""
    texts, embeddings, themes = themed_corpus(15)
    order = np.random.default_rng(n).permutation(len(texts))[:n]
    return [texts[i] for i in order], embeddings[order], [themes[i] for i in order]


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_fewer_than_two_pairs_have_no_topics(n: int) -> None:
    """Four comments would be two pairs, whatever they say; the engine says that there is no group."""
    texts, embeddings, _ = sample(n)
    outcome = fit(texts, embeddings, min_cluster_size=2)
    assert isinstance(outcome, NoTopics)
    assert outcome.reason is NoTopicsReason.NO_CLUSTERS


@pytest.mark.parametrize("n", [5, 8, 11, 12, 15, 20, 30, 60])
def test_small_batches_have_topics(n: int) -> None:
    """Of any number of documents, topics follow the themes, and hardly a document is left out."""
    texts, embeddings, themes = sample(n)
    outcome = found(fit(texts, embeddings, min_cluster_size=2))
    assert homogeneity_score(themes, outcome.labels) > 0.5
    assert outcome.metrics.outlier_ratio < 0.1


@pytest.mark.parametrize("n", [24, 60, 96])
def test_small_batches_have_topics_where_there_are_any(n: int) -> None:
    """With the defaults no topic of a small batch mixes three clear themes, and none is lost."""
    texts, embeddings, themes = themed_corpus(n // 3, 3)
    outcome = found(fit(texts, embeddings))
    assert len(outcome.topics) >= 3
    assert homogeneity_score(themes, outcome.labels) > 0.95
    assert outcome.metrics.outlier_ratio < 0.2


@pytest.mark.parametrize("nr_topics", [1, 2, 4])
def test_nr_topics_counts_real_topics(themed: tuple[list[str], FloatArray, list[int]], nr_topics: int) -> None:
    """As many as asked for, outliers or not."""
    texts, embeddings, _ = themed
    assert len(found(fit(texts, embeddings, n_topics=nr_topics)).topics) == nr_topics


def test_copies_of_one_text_are_one_topic() -> None:
    """300 identical comments are about one thing."""
    texts, embeddings, _ = themed_corpus(1, 1)
    outcome = found(fit(texts * 300, np.repeat(embeddings, 300, axis=0)))
    assert [topic.size for topic in outcome.topics] == [300]
    assert outcome.metrics.outlier_ratio == 0


def test_copies_of_two_texts_are_two_topics() -> None:
    """250 of each, whatever their order."""
    texts, embeddings, _ = themed_corpus(1, 2)
    outcome = found(fit(texts * 250, np.tile(embeddings, (250, 1))))
    assert [topic.size for topic in outcome.topics] == [250, 250]
    assert len(set(outcome.labels[::2])) == 1


def test_equal_vectors_with_distinct_texts_are_one_topic() -> None:
    """Only the vectors say what is near."""
    texts, embeddings, _ = themed_corpus(60, 1)
    assert [topic.size for topic in found(fit(texts, np.repeat(embeddings[:1], 60, axis=0))).topics] == [60]


@pytest.mark.parametrize("text", ["the and of", "👍", "2024 100", "ang sa kay nga", "!!"])
def test_texts_without_a_word_have_no_keywords(text: str) -> None:
    """Stop words, symbols and digits name nothing."""
    _, embeddings, _ = themed_corpus(20, 3)
    assert fit([text] * 60, embeddings) == NoTopics.NO_KEYWORDS


def test_a_topic_without_a_word_is_dissolved() -> None:
    """A cluster of thumbs is no topic; its documents are outliers."""
    texts, embeddings, themes = themed_corpus(30, 3)
    texts = ["👍" if theme == 1 else text for text, theme in zip(texts, themes, strict=True)]
    outcome = found(fit(texts, embeddings, reduce_outliers=False))
    assert len(outcome.topics) == 2
    assert (outcome.labels[np.array(themes) == 1] == -1).all()


def test_scattered_documents_have_no_topics() -> None:
    """Vectors that have nothing in common make no cluster of the size asked for."""
    texts, _, _ = themed_corpus(4)
    embeddings = unit(np.eye(24, 768))
    outcome = fit(texts, embeddings, min_cluster_size=15)
    assert isinstance(outcome, NoTopics)
    assert outcome.reason is NoTopicsReason.NO_CLUSTERS


@pytest.mark.parametrize("text", ["x" * 50_000, "word " * 20_000, "a\x1eb\x00c\u200b", "\n\t\n fair", " "])
def test_odd_texts_are_fine(text: str) -> None:
    """Very long words and texts, control characters, blanks."""
    texts, embeddings, _ = themed_corpus(15, 3)
    texts[7] = text
    found(fit(texts, embeddings))


@pytest.mark.parametrize("n_neighbors", [10, 40])
def test_twenty_neighbors_vote_whatever_umap_looks_at(n_neighbors: int) -> None:
    """Of twelve comments of a theme, each has eleven among its twenty neighbors."""
    texts, embeddings, _ = themed_corpus(12)
    outcome = found(fit(texts, embeddings, n_neighbors=n_neighbors))
    own = outcome.probabilities[outcome.labels >= 0]
    np.testing.assert_allclose(own, (1 + 11 / 20) / 2, atol=1e-6)


def test_letters_beyond_ascii_stay_in_keywords() -> None:
    """Names and words of other languages are not mutilated."""
    texts, embeddings, themes = themed_corpus(20, 2)
    texts = [text.replace("fair", "niñó") for text in texts]
    outcome = found(fit(texts, embeddings))
    assert any("niñó" in topic.keywords for topic in outcome.topics)
    assert len(outcome.topics) == len(set(themes))


def test_reduce_outliers_can_be_switched_off() -> None:
    """Placing only ever lowers the number of outliers, and moves nobody else."""
    rng = np.random.default_rng(1)
    shares = rng.dirichlet(np.ones(len(THEMES)), size=400)
    centers = unit(rng.normal(size=(len(THEMES), 768)))
    embeddings = unit(shares @ centers + 0.02 * rng.normal(size=(400, 768)))
    own, _, _ = themed_corpus(100)
    texts = [own[100 * int(theme) + int(rng.integers(100))] for theme in shares.argmax(axis=1)]
    placed, left = found(fit(texts, embeddings)), found(fit(texts, embeddings, reduce_outliers=False))
    assert placed.metrics.outlier_ratio < left.metrics.outlier_ratio
    core = left.labels >= 0
    assert adjusted_rand_score(left.labels[core], placed.labels[core]) == 1.0
    newly = ~core & (placed.labels >= 0)
    assert placed.probabilities[newly].max() <= placed.probabilities[core].min()

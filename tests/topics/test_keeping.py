"""What of a fit can be kept: the values a model needs, and BERTopic's own object."""

from pathlib import Path

import numpy as np
import pytest

from tests.topics.test_trust import directions, numbered
from tests.topics.themes import themed_corpus
from worker.topics.bertopic.parts import BERTopic
from worker.topics.fit import FloatArray, TopicFit, TopicParams
from worker.topics.pipeline import fit_topics
from worker.topics.words.encoders import CorpusEncoder

Kept = tuple[list[str], FloatArray, TopicFit, Path]


def fit(texts: list[str], embeddings: FloatArray, **options: object) -> TopicFit:
    """Fit a batch that has topics, and keep what the options say."""
    outcome = fit_topics(
        texts, embeddings, TopicParams(), encoder=CorpusEncoder(), device="cpu", on_stage=lambda _: None, **options
    )
    assert isinstance(outcome, TopicFit)
    return outcome


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """Fit a batch whose topics are renumbered: one is dissolved, outliers stay, sizes differ."""
    texts, embeddings, themes = themed_corpus(30, 4)
    rows = [row for row, theme in enumerate(themes) if row % 30 < (30, 22, 26, 30)[theme]]
    texts = ["👍" if themes[row] == 3 else texts[row] for row in rows]
    folder = tmp_path_factory.mktemp("model") / "bertopic"
    embeddings = embeddings[rows]
    outcome = fit(texts, embeddings, keep=True, save_bertopic=str(folder))
    assert (outcome.labels < 0).any()
    return texts, embeddings, outcome, folder


def test_a_fit_knows_the_traits_of_its_topics(kept: Kept) -> None:
    """Centroids and term counts, in the numbers of the fit."""
    texts, embeddings, outcome, _ = kept
    traits = outcome.traits
    assert traits is not None
    for topic, own in enumerate(outcome.topics):
        mean = embeddings[outcome.labels == topic].mean(axis=0)
        np.testing.assert_allclose(traits.centroids[topic], mean / np.linalg.norm(mean), atol=1e-5)
        cells = slice(traits.starts[topic], traits.starts[topic + 1])
        terms = [traits.terms[column] for column in traits.columns[cells]]
        counts = dict(zip(terms, traits.counts[cells], strict=True))
        documents = dict(zip(terms, traits.documents[cells], strict=True))
        members = [text.split() for text, label in zip(texts, outcome.labels, strict=True) if label == topic]
        word = own.keywords[0].split(" ")[0]
        assert counts[word] == sum(words.count(word) for words in members)
        assert documents[word] == sum(word in words for words in members)


def test_nothing_is_kept_unasked(kept: Kept) -> None:
    """A job's result crosses the pipe without what only a model needs."""
    texts, embeddings, _, _ = kept
    assert fit(texts, embeddings).traits is None


def test_bertopic_loads_the_model_in_the_numbers_of_the_fit(kept: Kept) -> None:
    """Its transform gives each clustered comment its topic; names, sizes and keywords are those of the fit."""
    texts, embeddings, outcome, folder = kept
    model = BERTopic.load(str(folder))
    topics, _ = model.transform(texts, embeddings)
    inside = outcome.labels >= 0
    np.testing.assert_array_equal(np.array(topics)[inside], outcome.labels[inside])
    assert model.topics_ == outcome.labels.tolist()
    info = model.get_topic_info().set_index("Topic")
    for number, topic in enumerate(outcome.topics):
        assert info.loc[number, "Count"] == topic.size
        assert info.loc[number, "Name"] == "_".join([str(number), *topic.keywords[:4]])
        assert [word for word, _ in model.get_topic(number)] == list(topic.keywords)
    assert model.c_tf_idf_.shape == (len(outcome.topics) + 1, len(outcome.traits.terms))


def test_no_comment_is_saved(kept: Kept) -> None:
    """The folder holds keywords, counts and vectors, and no pickle."""
    texts, _, _, folder = kept
    assert {path.suffix for path in folder.iterdir()} <= {".json", ".safetensors"}
    saved = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.json"))
    assert not any(text in saved for text in texts if len(text.split()) > 2)


def test_a_model_without_outliers_has_no_row_for_them(tmp_path: Path) -> None:
    """The numbers of `transform` are those of the fit then, too."""
    texts = [*numbered(["lab is broken"], 20), *numbered(["funny jokes"], 30)]
    embeddings = directions([0] * 20 + [1] * 30)
    outcome = fit(texts, embeddings, save_bertopic=str(tmp_path))
    assert (outcome.labels >= 0).all()
    topics, _ = BERTopic.load(str(tmp_path)).transform(texts, embeddings)
    np.testing.assert_array_equal(topics, outcome.labels)

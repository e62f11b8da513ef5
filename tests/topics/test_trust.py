"""What a reader can trust: no comment lost for want of a word, none placed by strangers, numbers that agree."""

from collections.abc import Sequence

import numpy as np
import pytest

from tests.small_model import small_model
from worker.topics.fit import FloatArray, NoTopics, Shortfall, StageFinished, StageStarted, TopicFit, TopicParams
from worker.topics.pipeline import fit_topics
from worker.topics.words.encoders import CorpusEncoder, KeywordEncoder, unit
from worker.topics.words.loading import choose_encoder

LAB = ["lab equipment is broken", "the lab apparatus is old", "laboratory computers are slow"]
JOKES = ["funny jokes", "corny jokes always laughing", "witty and funny"]
LATE = ["always late to the room", "arrives twenty minutes late", "absent and late"]


@pytest.fixture(scope="module", params=["corpus", "model"])
def encoder(request: pytest.FixtureRequest) -> KeywordEncoder:
    """Rank keywords with vectors of the batch, and with those of a real model."""
    if request.param == "corpus":
        return CorpusEncoder()
    return choose_encoder("auto", str(small_model()), "cpu").encoder


def directions(groups: Sequence[int], noise: float = 0.25) -> FloatArray:
    """Give each group a direction of its own, with a little noise."""
    rng = np.random.default_rng(0)
    return unit(np.eye(768)[np.array(groups)] + noise * rng.normal(size=(len(groups), 768)) / np.sqrt(768))


def numbered(texts: Sequence[str], n: int) -> list[str]:
    """Repeat comments, none of them twice the same."""
    return [f"{texts[i % len(texts)]} {i // len(texts)}" for i in range(n)]


def fit(
    texts: Sequence[str], embeddings: FloatArray, encoder: KeywordEncoder | None = None, **params: int
) -> tuple[TopicFit, dict[str, object]]:
    """Run the engine; give the fit and all that its stages said."""
    events: list[StageStarted | StageFinished] = []
    own = encoder or CorpusEncoder()
    outcome = fit_topics(texts, embeddings, TopicParams(**params), encoder=own, device="cpu", on_stage=events.append)
    assert isinstance(outcome, TopicFit)
    said = {
        name: value for event in events if isinstance(event, StageFinished) for name, value in event.details.items()
    }
    return outcome, said


def test_topics_whose_words_are_all_shared_stay(encoder: KeywordEncoder) -> None:
    """Thirty equal comments are a topic, whatever other topics say."""
    texts = [
        *["good lessons"] * 30,
        *["explaining good lessons"] * 30,
        *["explaining good lessons with good examples"] * 30,
    ]
    outcome, said = fit(texts, np.eye(768, dtype=np.float32)[np.repeat([0, 1, 2], 30)], encoder)
    assert [topic.size for topic in outcome.topics] == [30, 30, 30]
    assert (outcome.labels >= 0).all()
    assert (said["topics"], said["outliers"]) == (3, 0)


def test_topics_that_say_the_same_are_one() -> None:
    """What is said beside stop words is all that tells topics apart; nobody becomes an outlier for it."""
    texts = ["good teacher", "very good", "nice", "very nice"]
    outcome, said = fit(
        [text for text in texts for _ in range(30)], np.eye(768, dtype=np.float32)[np.repeat(np.arange(4), 30)]
    )
    assert [topic.size for topic in outcome.topics] == [60, 60]
    assert {topic.keywords for topic in outcome.topics} == {("good",), ("nice",)}
    assert said["topics"] == 2


def test_one_word_in_two_forms_is_one_topic(encoder: KeywordEncoder) -> None:
    """No two topics differ in nothing but a plural."""
    texts = [*["No comment"] * 40, *["No comments"] * 40, *numbered(LAB, 40), *numbered(JOKES, 40)]
    outcome, _ = fit(texts, directions(np.repeat([4, 5, 0, 1], 40), noise=0.1), encoder)
    assert [topic.size for topic in outcome.topics] == [80, 40, 40]


def test_comments_like_no_other_are_not_placed(encoder: KeywordEncoder) -> None:
    """Their nearest neighbors are all of one topic by chance, and far away."""
    texts = [*numbered(LAB, 40), *numbered(JOKES, 40), *numbered(LATE, 40), *["N/A"] * 17]
    apart = np.zeros((17, 768), dtype=np.float32)
    apart[:, [5, 0]] = 1, 0.02
    outcome, said = fit(texts, np.concatenate([directions(np.repeat([0, 1, 2], 40)), unit(apart)]), encoder)
    assert (outcome.labels[-17:] == -1).all()
    assert [topic.size for topic in outcome.topics] == [40, 40, 40]
    assert said["outliers"] == 17


def test_one_comment_names_no_topic_of_others(encoder: KeywordEncoder) -> None:
    """Among seventeen "N/A" stands one "slow": that is not what they say, and the log tells that they are no topic."""
    texts = [*numbered(LAB, 40), *numbered(JOKES, 40), *["N/A"] * 17, "slow"]
    outcome, said = fit(texts, directions([0] * 40 + [1] * 40 + [2] * 18), encoder)
    assert len(outcome.topics) == 2
    assert not any("slow" in topic.keywords[0] for topic in outcome.topics if topic.size < 40)
    assert said["clusters_without_words_dissolved"] == 1
    assert said["comments_set_aside"] == 18
    assert said["outliers_before_placing"] == said["outliers"] + said["outliers_placed"]


def test_the_failure_names_the_largest_group() -> None:
    """Of eight hundred comments in four groups."""
    sizes = [212, 200, 198, 190]
    texts = [text for size in sizes for text in numbered(LAB, size)]
    outcome = fit_topics(
        texts,
        directions(np.repeat([0, 1, 2, 3], sizes)),
        TopicParams(min_cluster_size=500),
        encoder=CorpusEncoder(),
        device="cpu",
        on_stage=lambda _: None,
    )
    assert isinstance(outcome, NoTopics)
    assert outcome.shortfall == Shortfall(wanted=500, n_documents=800, largest=212)


@pytest.mark.parametrize("min_size", [2, 5])
def test_no_topic_is_smaller_than_asked(min_size: int) -> None:
    """Whatever copies, merging and placing do."""
    rng = np.random.default_rng(min_size)
    for _ in range(4):
        groups = rng.integers(0, 12, 90)
        texts = [f"{LAB[group % 3]} {('board', 'chair', 'light', 'noise')[group % 4]}" for group in groups]
        vectors = directions(groups, noise=1.0)
        rows = rng.integers(0, 90, 150)
        outcome, said = fit([texts[row] for row in rows], vectors[rows], min_cluster_size=min_size)
        assert min(topic.size for topic in outcome.topics) >= min_size
        assert said["topics"] == len(outcome.topics)
        assert said["outliers"] == int(np.sum(outcome.labels < 0))


def test_two_equal_comments_are_a_topic_of_two() -> None:
    """A batch too small for a layout is grouped by equal vectors."""
    outcome, _ = fit(["slow wifi"] * 2 + ["good"], np.eye(768, dtype=np.float32)[[0, 0, 1]], min_cluster_size=2)
    assert [topic.size for topic in outcome.topics] == [2]
    assert outcome.labels.tolist() == [0, 0, -1]

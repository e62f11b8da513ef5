"""The five metrics against brute force, scikit-learn and a value that gensim gave."""

import itertools
import math
import time

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from tests.topics.themes import themed_corpus
from worker.topics.evaluation.metrics import embedding_coherence, npmi_coherence, silhouette_score, topic_diversity
from worker.topics.words.encoders import unit
from worker.topics.words.tokens import tokenize
from worker.topics.words.vocabulary import build_vocabulary


def brute_force_npmi(topics: list[list[str]], texts: list[str], window: int) -> float:
    """Count windows one by one."""
    windows = []
    for text in texts:
        words = tokenize(text)
        for start in range(max(1, len(words) - window + 1)):
            part = words[start : start + window]
            windows.append(set(part) | {" ".join(pair) for pair in itertools.pairwise(part)})
    scores = []
    for topic in topics:
        pairs = []
        for a, b in itertools.permutations(topic, 2):
            p_a, p_b = (sum(word in w for w in windows) / len(windows) for word in (a, b))
            p_ab = sum(a in w and b in w for w in windows) / len(windows)
            pairs.append(math.log((p_ab + 1e-12) / (p_a * p_b)) / -math.log(p_ab + 1e-12))
        scores.append(sum(pairs) / len(pairs))
    return sum(scores) / len(scores)


def long_texts(seed: int, repeat: bool) -> list[str]:
    """Make texts of 0 to 40 of forty words, with or without a word twice inside a window."""
    rng = np.random.default_rng(seed)
    words = [f"zq{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(40)]
    return [" ".join(rng.choice(words, size=int(n), replace=repeat)) for n in rng.integers(0, 41, size=80)]


@pytest.mark.parametrize("seed", range(3))
def test_npmi_equals_a_brute_force_count(seed: int) -> None:
    """Unigrams and bigrams mixed, words repeated inside windows, empty texts among them."""
    texts = long_texts(seed, repeat=True)
    vocabulary = build_vocabulary(texts)
    rng = np.random.default_rng(seed)
    topics = [list(rng.choice(vocabulary.terms, size=8, replace=False)) for _ in range(4)]
    assert npmi_coherence(topics, vocabulary) == pytest.approx(brute_force_npmi(topics, texts, 10), abs=1e-9)


def test_npmi_equals_gensim_where_gensim_counts_right() -> None:
    """Gensim's c_npmi agrees if no word repeats inside a window and all keywords are single words.

    The value is what gensim 4.4.0 gave: `CoherenceModel(topics=topics, texts=tokens, dictionary=Dictionary(tokens),
    coherence="c_npmi", window_size=10, processes=1).get_coherence()` with tokens by our `tokenize`. Gensim itself has
    no wheel for Python 3.14.
    """
    texts = long_texts(7, repeat=False)
    topics = [["zqaa", "zqab", "zqac", "zqad"], ["zqba", "zqbb", "zqbc", "zqaz"]]
    assert npmi_coherence(topics, build_vocabulary(texts)) == pytest.approx(-0.02870222241771382, abs=1e-6)


def test_npmi_of_many_keywords_looks_at_the_words_once() -> None:
    """Twenty times the keywords, each of which stands once, take far less than twenty times as long."""
    rare = [f"zq{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(200)]
    vocabulary = build_vocabulary([" ".join(["lively"] * 400)] * 1000 + rare)

    def seconds(n: int) -> float:
        topics = [rare[start : start + 10] for start in range(0, n, 10)]
        best = []
        for _ in range(5):
            began = time.process_time()
            npmi_coherence(topics, vocabulary)
            best.append(time.process_time() - began)
        return min(best)

    assert seconds(200) < 8 * seconds(10)


def test_npmi_of_single_keywords_is_zero() -> None:
    """A topic of one keyword has no pair, and adds nothing."""
    vocabulary = build_vocabulary(["clear grading", "fair grading"])
    assert npmi_coherence([["clear"], ["fair"]], vocabulary) == 0.0


def test_npmi_of_words_in_every_window_is_zero() -> None:
    """Nothing can be told of them; the formula has 0/0, and -1 would say that they never meet."""
    vocabulary = build_vocabulary(["clear voice"] * 5)
    assert npmi_coherence([["clear", "voice", "clear voice"]], vocabulary) == 0.0


def test_silhouette_equals_scikit_learn() -> None:
    """The closed form gives scikit-learn's cosine silhouette, outliers and singletons included."""
    _, embeddings, themes = themed_corpus(25, noise=0.15)
    labels = np.array(themes)
    labels[::7] = -1
    labels[3] = 6
    inside = labels >= 0
    expected = sklearn_metrics.silhouette_score(embeddings[inside].astype(np.float64), labels[inside], metric="cosine")
    assert silhouette_score(embeddings, labels, "cpu") == pytest.approx(expected, abs=1e-6)


def test_silhouette_of_one_cluster_is_zero() -> None:
    """One cluster has no nearest other one."""
    _, embeddings, _ = themed_corpus(5, 1)
    assert silhouette_score(embeddings, np.zeros(5, dtype=np.int64), "cpu") == 0.0


def test_diversity_counts_distinct_keywords() -> None:
    """Three distinct among four."""
    assert topic_diversity([["lab", "fair"], ["lab", "late"]]) == 0.75


def test_embedding_coherence_is_the_mean_pairwise_cosine() -> None:
    """Equal to the mean of all pairs; topics of one word are left out."""
    vectors = unit(np.random.default_rng(0).normal(size=(5, 16)))
    pairs = [float(a @ b) for a, b in itertools.combinations(vectors, 2)]
    assert embedding_coherence([vectors, vectors[:1]]) == pytest.approx(np.mean(pairs), abs=1e-6)

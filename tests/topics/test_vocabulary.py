"""Words, n-grams and stop words."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from tests.topics.themes import themed_corpus
from worker.topics.bertopic.vectorizer import NgramVectorizer, for_bertopic
from worker.topics.words.function_words import STOP_WORD_LISTS, foreign_words, stop_words
from worker.topics.words.tokens import tokenize
from worker.topics.words.vocabulary import build_vocabulary


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Niño and señora explains MAAYO", ["niño", "señora", "explains", "maayo"]),
        ("mag-aral ako", ["mag-aral"]),
        ("cs101 3d 2024 100 12-30", ["cs101", "3d"]),
        ("👍👍 !!! ... _ __ -", []),
        ("x y z", []),
        ("café_style", ["café_style"]),
    ],
)
def test_tokenize(text: str, words: list[str]) -> None:
    """Letters of every language stay; digits, symbols and single characters are no words."""
    assert tokenize(text) == words


@pytest.mark.parametrize("name", ["english", "cebuano", "tagalog", "education", "foreign"])
def test_stop_word_lists_are_clean(name: str) -> None:
    """Each list is lower case, one word a line, sorted, without duplicates, and in force."""
    from importlib import resources

    lines = (
        (resources.files("worker.topics.words") / "stop_words" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    )
    assert len(lines) > 50
    assert lines == sorted(set(lines))
    assert all(line == line.lower().strip() and " " not in line for line in lines)
    assert set(lines) <= (stop_words() if name in STOP_WORD_LISTS else foreign_words())


def test_counts_equal_those_of_a_plain_count_vectorizer() -> None:
    """The fast count gives what scikit-learn's own gives for the same tokens."""
    texts, _, _ = themed_corpus(10)
    plain = CountVectorizer(ngram_range=(1, 2), tokenizer=tokenize, token_pattern=None, lowercase=False)
    expected = plain.fit_transform(texts)
    vocabulary = build_vocabulary(texts)
    assert vocabulary.terms.tolist() == plain.get_feature_names_out().tolist()
    assert (vocabulary.doc_term_matrix != expected).nnz == 0


def test_no_ngram_reaches_into_the_next_document() -> None:
    """The vectorizer counts joined documents one by one."""
    texts = ["clear grading", "funny jokes\n\tlively"]
    documents = for_bertopic(len(texts))
    vectorizer = NgramVectorizer(build_vocabulary(texts))
    counts = vectorizer.fit_transform([" ".join(documents).replace("\n", " ").replace("\t", " ")])
    found = {str(vectorizer.get_feature_names_out()[column]) for column in counts.indices}
    assert found == {"clear", "grading", "clear grading", "funny", "jokes", "lively", "funny jokes", "jokes lively"}


def test_a_number_is_a_document_and_a_name_is_a_row() -> None:
    """BERTopic gets names in the place of the comments; what a person writes is never taken for one."""
    texts = ["clear grading", "funny jokes", "funny voice"]
    vectorizer = NgramVectorizer(build_vocabulary(texts))
    names = for_bertopic(len(texts))
    assert not any(word in name for name in names for word in " ".join(texts).split())
    assert not vectorizer.transform(["2"]).toarray().any()
    counts = vectorizer.transform([f"{names[1]} {names[2]}"]).toarray()[0]
    said = {str(vectorizer.get_feature_names_out()[i]): int(n) for i, n in enumerate(counts) if n}
    assert said == {"funny": 2, "jokes": 1, "voice": 1, "funny jokes": 1, "funny voice": 1}


def test_vectorizer_counts_documents_it_does_not_know() -> None:
    """A text of another batch is counted over the known terms."""
    texts = ["clear grading", "funny jokes"]
    vectorizer = NgramVectorizer(build_vocabulary(texts))
    vectorizer.fit_transform(for_bertopic(len(texts)))
    counts = vectorizer.transform(["jokes about grading"])
    names = vectorizer.get_feature_names_out()
    assert {str(names[i]) for i in np.flatnonzero(counts.toarray()[0])} == {"jokes", "grading"}

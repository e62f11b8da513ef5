"""How far topics stay when a few comments go or come: plain BERTopic, a fresh fit, and a fit with `previous`.

    python -m tests.benchmarks.stability --data FOLDER [--draws 10] [--plain-draws 1] [--only CORPUS ...]
                                         [--changes CHANGE ...] [--limit 3000]

FOLDER holds `NAME.jsonl.gz` ({text, label} a line) and `NAME.f16.npy` for each corpus. A draw takes comments of a
corpus at random, fits some of them, then fits with a few less or more. Topics of plain BERTopic and of a fresh fit
have the numbers that they come with. Which draw is done stands on stderr; a run that is ended early (Ctrl-C or
SIGTERM) prints the table of the draws so far. Cells are means over the draws of

    ARI     of the comments that both runs have in a topic,
    index   share of the comments that were in a topic and still have its topicIndex,
    label   share of the topics of the first run whose rawLabel is still there,
    NMI     over all comments of the second run, outliers as one group, against the labels.
"""

import argparse
import logging
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from sentence_transformers import SentenceTransformer
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from tests.benchmarks.corpora import LabelledCorpus, corpus_names, load_corpus
from tests.benchmarks.plain import fit_plain
from tests.small_model import small_model
from worker.topics.earlier import UNKNOWN, EarlierTopics
from worker.topics.fit import IntArray, TopicFit, TopicParams
from worker.topics.pipeline import fit_topics
from worker.topics.words.encoders import CorpusEncoder

CHANGES: dict[str, Callable[[int], tuple[int, int]]] = {
    "1 comment less": lambda n: (n, n - 1),
    "1 % less": lambda n: (n, round(0.99 * n)),
    "5 % more": lambda n: (round(n / 1.05), n),
    "20 % more": lambda n: (round(n / 1.2), n),
    "100 % more": lambda n: (n // 2, n),
}


@dataclass(frozen=True)
class Run:
    """The topicIndex of each comment, -1 for outliers, and the rawLabel of each topic by its index."""

    numbers: IntArray
    raw_labels: dict[int, str]


@dataclass(frozen=True)
class Stability:
    """One row."""

    ari: float
    index: float
    label: float
    nmi: float


def subset(corpus: LabelledCorpus, rows: IntArray) -> LabelledCorpus:
    """Take some documents of a corpus."""
    return LabelledCorpus(
        corpus.name,
        [corpus.texts[row] for row in rows],
        np.ascontiguousarray(corpus.embeddings[rows]),
        [corpus.labels[row] for row in rows],
    )


def run_worker(corpus: LabelledCorpus, earlier: EarlierTopics | None = None) -> Run:
    """Fit a corpus with the engine's defaults."""
    fit = fit_topics(
        corpus.texts,
        corpus.embeddings,
        TopicParams(),
        encoder=CorpusEncoder(),
        device="cpu",
        on_stage=lambda _: None,
        earlier=earlier,
    )
    assert isinstance(fit, TopicFit)
    numbers = list(range(len(fit.topics))) if fit.continuity is None else list(fit.continuity.numbers)
    kept = [None] * len(numbers) if fit.continuity is None else list(fit.continuity.raw_labels)
    labels = {
        number: label or raw_label(number, topic.keywords)
        for number, label, topic in zip(numbers, kept, fit.topics, strict=True)
    }
    return Run(np.array([*numbers, -1], dtype=np.int64)[fit.labels], labels)


def run_plain(corpus: LabelledCorpus, model: SentenceTransformer) -> Run:
    """Fit a corpus with plain BERTopic."""
    fit = fit_plain(corpus, model, seed=42)
    return Run(fit.labels, {number: raw_label(number, words) for number, words in enumerate(fit.topics)})


def raw_label(number: int, keywords: Sequence[str]) -> str:
    """Name a topic as BERTopic does."""
    return "_".join([str(number), *keywords[:4]])


def after(first: Run, before: IntArray) -> EarlierTopics:
    """Say of a first run what a second one is told; `before` as the second run's comments were numbered."""
    return EarlierTopics(before, first.raw_labels, max(first.raw_labels))


def measure(first: Run, second: Run, before: IntArray, labels: Sequence[str]) -> Stability:
    """Compare two runs; `before` is the first one's numbers of the second one's comments, negative for none."""
    both = (before >= 0) & (second.numbers >= 0)
    kept = [second.raw_labels.get(number) == label for number, label in first.raw_labels.items()]
    return Stability(
        ari=adjusted_rand_score(before[both], second.numbers[both]),
        index=float(np.mean((before == second.numbers)[before >= 0])),
        label=float(np.mean(kept)),
        nmi=normalized_mutual_info_score(labels, second.numbers),
    )


class Draw:
    """One draw of a corpus; fits that several changes share run once."""

    def __init__(self, corpus: LabelledCorpus, seed: int) -> None:
        """Take the corpus, and the seed of the order in which its comments come."""
        self.corpus = corpus
        self.order = np.random.default_rng(seed).permutation(len(corpus.texts))
        self._runs: dict[tuple[str, int], Run] = {}

    def measure(self, change: str) -> dict[str, Stability]:
        """Measure the worker in one change."""
        n_first, n_second = CHANGES[change](len(self.order))
        first, fresh = self._run("worker", n_first), self._run("worker", n_second)
        before, later = self._numbered(first, n_second), self._first(n_second)
        kept = run_worker(later, after(first, before))
        return {
            "a fresh fit": measure(first, fresh, before, later.labels),
            "with previous": measure(first, kept, before, later.labels),
        }

    def measure_plain(self, change: str, model: SentenceTransformer) -> dict[str, Stability]:
        """Measure plain BERTopic in one change."""
        n_first, n_second = CHANGES[change](len(self.order))
        first, second = self._run("plain", n_first, model), self._run("plain", n_second, model)
        before = self._numbered(first, n_second)
        return {"plain BERTopic": measure(first, second, before, self._first(n_second).labels)}

    def _first(self, n: int) -> LabelledCorpus:
        return subset(self.corpus, self.order[:n])

    def _run(self, who: str, n: int, model: SentenceTransformer | None = None) -> Run:
        """Fit the first n comments."""
        if (who, n) not in self._runs:
            self._runs[who, n] = run_worker(self._first(n)) if model is None else run_plain(self._first(n), model)
        return self._runs[who, n]

    @staticmethod
    def _numbered(run: Run, n: int) -> IntArray:
        """Give the topics that the first n comments had in a run."""
        before = np.full(n, UNKNOWN, dtype=np.int64)
        shared = min(len(run.numbers), n)
        before[:shared] = np.where(run.numbers[:shared] >= 0, run.numbers[:shared], UNKNOWN)
        return before


def main() -> None:
    """Print the table."""
    arguments = _arguments()
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended early"))
    model = SentenceTransformer(str(small_model()), device="cpu") if arguments.plain_draws else None
    corpora = {name: load_corpus(arguments.data, name) for name in arguments.only or corpus_names(arguments.data)}
    found: dict[tuple[str, str, str], list[Stability]] = {}
    try:
        for seed in range(max(arguments.draws, arguments.plain_draws)):
            for name, whole in corpora.items():
                chosen = np.random.default_rng(seed).permutation(len(whole.texts))[: arguments.limit]
                draw = Draw(subset(whole, np.sort(chosen)), seed)
                for change in arguments.changes:
                    rows = draw.measure(change) if seed < arguments.draws else {}
                    if model is not None and seed < arguments.plain_draws:
                        rows |= draw.measure_plain(change, model)
                    for who, row in rows.items():
                        found.setdefault((name, change, who), []).append(row)
                print(f"{name}: draw {seed + 1}", file=sys.stderr, flush=True)
    finally:
        show(found, arguments.limit)


def show(found: dict[tuple[str, str, str], list[Stability]], limit: int) -> None:
    """Print the table; also of the draws so far, if somebody ends the run."""
    print(f"at most {limit} comments of a corpus\n")
    print("| corpus | change | | draws | ARI | same index | same label | NMI |")
    print("|---|---|---|---|---|---|---|---|")
    by_corpus = sorted(found, key=lambda key: (key[0], list(CHANGES).index(key[1])))
    for name, change, who in by_corpus:
        some = found[name, change, who]
        cells = " | ".join(f"{value:.3f}" for value in np.mean([astuple(row) for row in some], axis=0))
        print(f"| {name} | {change} | {who} | {len(some)} | {cells} |")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=10, help="of the worker; 0 leaves it out")
    parser.add_argument("--plain-draws", type=int, default=1, help="plain BERTopic is slow; 0 leaves it out")
    parser.add_argument("--only", nargs="+", metavar="CORPUS")
    parser.add_argument("--changes", nargs="+", choices=list(CHANGES), default=list(CHANGES))
    parser.add_argument("--limit", type=int, default=3_000, help="comments of a corpus that are taken at most")
    return parser.parse_args()


if __name__ == "__main__":
    main()

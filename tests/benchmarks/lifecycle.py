"""What a kept model is worth: predictions, daily updates, drift.

    python -m tests.benchmarks.lifecycle --data FOLDER [--draws 4] [--only CORPUS ...] [--updates 1000]
                                         [--parts predict update drift many]

FOLDER holds `NAME.jsonl.gz` ({text, label} a line) and `NAME.f16.npy` for each corpus. Cells are means over the draws.

predict: the whole corpus is fitted, the labels of half of it are hidden and predicted by a model of the other half.
    agreement   share of equal answers, outliers included; beside it that of the nearest mean, as BERTopic's transform,
    coverage    share that is in a topic,
    ECE         expected calibration error of the probabilities, ten bins,
    NMI         of predictions of a model that was fitted on the other half alone, against the labels.
update: ten days; the first is fitted, the others update the model. Days are drawn at random, or a label is born on the
    sixth day while another dies, or the shares of the labels rotate.
    NMI         over all days against the labels, divided by that of one fit of all days together,
    new         topics born on the nine days, and on the last three,
    found       share of the documents of the born label that are in topics which the first five days did not have,
    last        coverage of the last day,
    LOW         share of the days without drift.
drift: the share of batches of 50, 200 and 1,000 whose drift is LOW / MEDIUM / HIGH; batches like the model's corpus,
    batches with more of a known label, and batches of which a part is of a label that the model never saw. A cell is
    empty if the corpus has too few comments for it.
many: a thousand updates of 20 documents each; the time is CPU time.
"""

import argparse
import itertools
import logging
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sklearn.metrics import normalized_mutual_info_score as nmi

from tests.benchmarks.corpora import LabelledCorpus, corpus_names, load_corpus
from worker.models.assignment import assign
from worker.models.building import Origin, build
from worker.models.drift import drift
from worker.models.model import Documents, KeptModel
from worker.models.model_file import to_files
from worker.models.updating import update
from worker.topics.engine import Engine
from worker.topics.fit import FloatArray, IntArray, TopicFit, TopicParams
from worker.topics.pipeline import fit_topics
from worker.topics.words.encoders import CorpusEncoder

N_DAYS = 10
# Sizes of the batches whose drift is measured, and so many of each a draw.
BATCHES, N_BATCHES = (50, 200, 1000), 25
# What is drawn into such a batch beside the usual comments, and which share of it that is.
DRIFTS = {
    "same": ("", 0.0),
    "20 % more of a known label": ("known", 0.2),
    "40 % more of a known label": ("known", 0.4),
    "20 % unseen": ("unseen", 0.2),
    "40 % unseen": ("unseen", 0.4),
}
ENGINE = Engine(fit_topics, CorpusEncoder(), "cpu", "the worker's own")


def origin(day: int) -> Origin:
    """Say that a model was made on a day."""
    return Origin((datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)).isoformat())


def documents(corpus: LabelledCorpus, rows: IntArray) -> Documents:
    """Take some documents of a corpus."""
    embeddings = np.ascontiguousarray(corpus.embeddings[rows])
    return Documents([corpus.texts[i] for i in rows], [str(i) for i in rows], embeddings)


def fit(some: Documents) -> TopicFit:
    """Fit documents with the engine's defaults."""
    outcome = fit_topics(
        some.texts,
        some.embeddings,
        TopicParams(),
        encoder=CorpusEncoder(),
        device="cpu",
        on_stage=lambda _: None,
        keep=True,
    )
    assert isinstance(outcome, TopicFit)
    return outcome


@dataclass(frozen=True)
class Prediction:
    """One draw of the table of predictions."""

    agreement: float
    by_nearest_mean: float
    coverage: float
    ece: float
    nmi: float
    ms_per_1000: float
    vectors: float


def predict(corpus: LabelledCorpus, draws: int) -> Prediction:
    """Measure predictions."""
    everything = np.arange(len(corpus.texts))
    whole = fit(documents(corpus, everything))
    found = []
    for seed in range(draws):
        known = np.random.default_rng(seed).permutation(len(everything)) < len(everything) // 2
        seen, hidden = documents(corpus, everything[known]), documents(corpus, everything[~known])
        model = build(replace(whole, labels=whole.labels[known]), seen, origin(0))
        assign(model, hidden.embeddings[:10])
        began = time.perf_counter()
        answer = assign(model, hidden.embeddings)
        took = time.perf_counter() - began
        expected = whole.labels[~known]
        half = assign(build(fit(seen), seen, origin(0)), hidden.embeddings).labels
        inside = (answer.labels >= 0) & (expected >= 0)
        found.append(
            Prediction(
                agreement=float(np.mean(answer.labels == expected)),
                by_nearest_mean=float(np.mean(nearest_mean(seen, whole.labels[known], hidden) == expected)),
                coverage=float(np.mean(answer.labels >= 0)),
                ece=calibration_error(answer.probabilities[inside], (answer.labels == expected)[inside]),
                nmi=nmi(np.array(corpus.labels)[~known], half),
                ms_per_1000=1e6 * took / len(expected),
                vectors=sum(len(topic.part_counts) for topic in model.topics),
            )
        )
    return Prediction(*np.mean([astuple(one) for one in found], axis=0))


def nearest_mean(seen: Documents, labels: IntArray, hidden: Documents) -> IntArray:
    """Predict as BERTopic's transform does: the outliers are one more topic, and nothing is centred."""
    numbers = np.unique(labels)
    means = np.stack([seen.embeddings[labels == number].mean(axis=0) for number in numbers])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    return numbers[(hidden.embeddings @ means.T).argmax(axis=1)]


def calibration_error(probabilities: FloatArray, is_right: IntArray) -> float:
    """Give the mean distance of probability and frequency over ten bins (Naeini et al. 2015)."""
    bins = np.minimum((probabilities * 10).astype(np.int64), 9)
    own = [bins == number for number in np.unique(bins)]
    return float(sum(np.mean(some) * abs(probabilities[some].mean() - is_right[some].mean()) for some in own))


@dataclass(frozen=True)
class Course:
    """One draw of the table of updates."""

    nmi: float
    new: float
    new_last: float
    found: float
    last: float
    low: float
    topics: float


def random_days(labels: np.ndarray, seed: int) -> tuple[list[IntArray], str]:
    """Draw ten days of equal size at random."""
    return np.array_split(np.random.default_rng(seed).permutation(len(labels)), N_DAYS), ""


def days_with_a_birth(labels: np.ndarray, seed: int) -> tuple[list[IntArray], str]:
    """Draw ten days; a label begins on the sixth, another ends then."""
    names, counts = np.unique(labels, return_counts=True)
    largest = names[np.argsort(-counts, kind="stable")][:4]
    born, dying = largest[seed % len(largest)], largest[(seed + 1) % len(largest)]
    rng = np.random.default_rng(seed)
    order, size, days = np.arange(len(labels)), len(labels) // 14, []
    for day in range(N_DAYS):
        order = rng.permutation(order)
        rows = order[labels[order] != (born if day < N_DAYS // 2 else dying)][:size]
        order = order[~np.isin(order, rows)]
        days.append(rows)
    return days, str(born)


def rotating_days(labels: np.ndarray, seed: int) -> tuple[list[IntArray], str]:
    """Draw ten days; on each the labels have other weights, from a tenth to the whole, in turns."""
    names = np.unique(labels)
    rng = np.random.default_rng(seed)
    order, days = rng.permutation(len(labels)), []
    for day in range(N_DAYS):
        weights = 0.55 + 0.45 * np.cos(2 * np.pi * (day / N_DAYS + np.arange(len(names)) / len(names)))
        weight = weights[np.searchsorted(names, labels[order])]
        rows = rng.choice(order, len(labels) // 14, replace=False, p=weight / weight.sum())
        order = order[~np.isin(order, rows)]
        days.append(rows)
    return days, ""


SCHEDULES: dict[str, Callable[[np.ndarray, int], tuple[list[IntArray], str]]] = {
    "random": random_days,
    "born": days_with_a_birth,
    "rotating": rotating_days,
}


def course(corpus: LabelledCorpus, schedule: str, seed: int) -> Course:
    """Run ten days."""
    labels = np.array(corpus.labels)
    days, born_label = SCHEDULES[schedule](labels, seed)
    first = documents(corpus, days[0])
    start = fit(first)
    model, answers, births, low = build(start, first, origin(0)), [start.labels], [], []
    for day, rows in enumerate(days[1:], 1):
        result = update(
            model,
            documents(corpus, rows),
            TopicParams(),
            engine=ENGINE,
            on_stage=lambda _: None,
            origin=origin(day),
        )
        model = result.model
        answers.append(result.labels)
        births.append(len(result.born))
        low.append(result.drift.level == "LOW")
    rows, answer = np.concatenate(days), np.concatenate(answers)
    answer = np.array([model.current(number) for number in answer.tolist()])
    early = set(answer[: sum(map(len, days[: N_DAYS // 2]))].tolist())
    own = answer[labels[rows] == born_label]
    return Course(
        nmi=nmi(labels[rows], answer) / nmi(labels[rows], fit(documents(corpus, rows)).labels),
        new=sum(births),
        new_last=sum(births[-3:]),
        found=float(np.mean([number not in early for number in own.tolist()])) if born_label else float("nan"),
        last=float(np.mean(answers[-1] >= 0)),
        low=float(np.mean(low)),
        topics=len(model.in_reports),
    )


def drifts(corpus: LabelledCorpus, draws: int) -> Iterator[str]:
    """Measure how often batches are flagged: like the model's corpus, with more of a known label, with an unseen one.

    The second largest label is the unseen one, the third largest the one that there is more of. Of the other comments
    half make the model, and the batches are drawn from the other half.
    """
    labels = np.array(corpus.labels)
    names, counts = np.unique(labels, return_counts=True)
    unseen, known = names[np.argsort(-counts, kind="stable")][1:3]
    levels: dict[tuple[int, str], list[str]] = {}
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        usual = rng.permutation(np.flatnonzero(labels != unseen))
        model, rest = _model_of(corpus, usual[: len(usual) // 2]), usual[len(usual) // 2 :]
        sources = {"": rest[:0], "known": rest[labels[rest] == known], "unseen": np.flatnonzero(labels == unseen)}
        for n, (case, (source, share)) in itertools.product(BATCHES, DRIFTS.items()):
            n_drifted, rows = round(share * n), sources[source]
            # The usual comments of a batch must still be drawn as they are spread.
            n_needed = n_drifted + (len(rows) * (n - n_drifted) / len(rest) if source == "known" else 0)
            if n_needed > len(rows) or n > len(rest):
                continue
            for _ in range(N_BATCHES):
                drifted = rng.choice(rows, n_drifted, replace=False)
                batch = np.concatenate([rng.choice(np.setdiff1d(rest, drifted), n - n_drifted, replace=False), drifted])
                embeddings = corpus.embeddings[batch]
                level = drift(model, assign(model, embeddings), embeddings).level
                levels.setdefault((n, case), []).append(level)
    for n in BATCHES:
        yield f"| {corpus.name} | {n} | " + " | ".join(_shares(levels.get((n, case), [])) for case in DRIFTS) + " |"


def _shares(levels: list[str]) -> str:
    if not levels:
        return ""
    return " / ".join(f"{np.mean([level == name for level in levels]):.2f}" for name in ("LOW", "MEDIUM", "HIGH"))


def _model_of(corpus: LabelledCorpus, rows: IntArray) -> KeptModel:
    some = documents(corpus, rows)
    return build(fit(some), some, origin(0))


def many(corpus: LabelledCorpus, n_updates: int, size: int) -> str:
    """Update one model a thousand times and compare the first and the last hundred."""
    model, took = _model_of(corpus, np.arange(1000)), []
    rng = np.random.default_rng(0)
    for day in range(n_updates):
        some = documents(corpus, rng.choice(len(corpus.texts), size, replace=False))
        began = time.process_time()
        model = update(model, some, TopicParams(), engine=ENGINE, on_stage=lambda _: None, origin=origin(day)).model
        took.append(time.process_time() - began)
    files, details = to_files(model)
    n_bytes = sum(map(len, files.values())) + len(repr(details))
    first, last = np.mean(took[:100]), np.mean(took[-100:])
    cells = f"{n_updates} | {size} | {n_bytes / 1e6:.2f} | {1000 * first:.0f} | {1000 * last:.0f} | {last / first:.2f}"
    return f"{cells} | {len(model.topics)} | {model.highest + 1}"


def _tables(arguments: argparse.Namespace) -> Iterator[str]:
    names = arguments.only or corpus_names(arguments.data)
    corpora = [load_corpus(arguments.data, name) for name in names]
    if "predict" in arguments.parts:
        yield "\n| corpus | agreement | nearest mean | coverage | ECE | NMI | ms per 1,000 | vectors |\n|" + "---|" * 8
        for corpus in corpora:
            one = predict(corpus, arguments.draws)
            cells = " | ".join(f"{value:.3f}" for value in astuple(one)[:-2])
            yield f"| {corpus.name} | {cells} | {one.ms_per_1000:.0f} | {one.vectors:.0f} |"
    if "update" in arguments.parts:
        yield "\n| corpus | days | NMI / joint | new | in the last 3 | found | last | LOW | topics |\n|" + "---|" * 9
        for corpus in corpora:
            for schedule in SCHEDULES:
                found = [astuple(course(corpus, schedule, seed)) for seed in range(arguments.draws)]
                cells = " | ".join(f"{value:.2f}" for value in np.mean(found, axis=0))
                yield f"| {corpus.name} | {schedule} | {cells} |"
    if "drift" in arguments.parts:
        yield f"\n| corpus | n | {' | '.join(DRIFTS)} |\n|" + "---|" * (2 + len(DRIFTS))
        for corpus in corpora:
            yield from drifts(corpus, arguments.draws)
    if "many" in arguments.parts:
        yield (
            "\n| corpus | updates | of | MB | ms, first 100 | ms, last 100 | ratio | topics | numbers used |\n|"
            + "---|" * 9
        )
        yield f"| {corpora[0].name} | {many(corpora[0], arguments.updates, 20)} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--updates", type=int, default=1000)
    parser.add_argument("--only", nargs="+", metavar="CORPUS")
    parts = ["predict", "update", "drift", "many"]
    parser.add_argument("--parts", nargs="+", choices=parts, default=parts)
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    for line in _tables(parser.parse_args()):
        print(line, flush=True)


if __name__ == "__main__":
    main()

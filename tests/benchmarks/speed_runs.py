"""Runs of plain BERTopic, the worker and others, each in a process of its own: started, timed, measured."""

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.corpora import LabelledCorpus, corpus_names, load_corpus
from tests.benchmarks.encoders import model_folder
from tests.benchmarks.memory import peak_mb, reset_peak
from tests.benchmarks.speed_rows import OTHERS

PLAIN, WORKER, SEEN = "plain BERTopic", "worker", "worker, words seen"
NOISE = 0.01
WARM = (PLAIN, WORKER, SEEN)
_INSIDE = "inside"


@dataclass(frozen=True)
class Run:
    """One measured run.

    Attributes:
        seconds: that it took; of CPU if the clock is that of the CPU.
        stages: seconds by stage.
        peak_mb: largest resident memory of the process.
        since_start_s: seconds of CPU since the process began.
    """

    seconds: float
    stages: dict[str, float]
    peak_mb: float
    since_start_s: float = 0.0


class NotInstalled(Exception):
    """A competitor needs a package that is not here; the message is its name."""


def corpus_of(folder: Path, size: int) -> LabelledCorpus:
    """Take `size` documents: of the smallest corpus that has them, or of the largest one, tiled."""
    corpora = sorted((load_corpus(folder, name) for name in corpus_names(folder)), key=lambda c: (len(c.texts), c.name))
    chosen = next((corpus for corpus in corpora if len(corpus.texts) >= size), corpora[-1])
    n = len(chosen.texts)
    rows = np.arange(size) % n
    vectors = chosen.embeddings[rows]
    vectors[n:] += np.random.default_rng(0).normal(0, NOISE, vectors[n:].shape).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return LabelledCorpus(chosen.name, [chosen.texts[i] for i in rows], vectors, [chosen.labels[i] for i in rows])


class Competitor:
    """A process of its own that fits corpora on request and says how long it took."""

    def __init__(self, who: str, arguments: argparse.Namespace, **environment: str) -> None:
        """Start it; the clock of a cold run begins here."""
        command = [sys.executable, "-m", "tests.benchmarks.speed", "--data", str(arguments.data), "--serve", who]
        command += ["--device", arguments.device, "--encoder", arguments.encoder, *(["--cpu"] if arguments.cpu else [])]
        self.began_s = time.monotonic()
        self._process = subprocess.Popen(
            command, env=os.environ | environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, size: int) -> Run:
        """Have it fit `size` documents."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(size, file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the competitor's process ended with code {self._process.wait()}")
        told = json.loads(line)
        if "missing" in told:
            self._process.wait()
            raise NotInstalled(told["missing"])
        return Run(**told)

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def warm(
    sizes: list[int], arguments: argparse.Namespace, whos: Sequence[str] = WARM
) -> Iterator[tuple[int, dict[str, list[Run]]]]:
    """Measure runs in warm processes, in turn, size by size; who needs a package that is not here has no runs."""
    for size in sizes:
        runs: dict[str, list[Run]] = {who: [] for who in whos}
        competitors = {}
        for who in whos:
            competitor = Competitor(who, arguments)
            try:
                competitor.run(size)
            except NotInstalled as error:
                print(f"{who}: {error} is not installed", file=sys.stderr)
            else:
                competitors[who] = competitor
        for _ in range(arguments.repeats):
            for who, competitor in competitors.items():
                runs[who].append(competitor.run(size))
        for competitor in competitors.values():
            competitor.close()
        yield size, runs


def cold(sizes: list[int], arguments: argparse.Namespace, *, fresh: bool) -> Iterator[tuple[int, dict[str, list[Run]]]]:
    """Measure fresh processes, in turn, from their start; what is no stage is `start`.

    Args:
        sizes: of the batches.
        arguments: as given.
        fresh: whether numba's cache is empty, as on a fresh machine.
    """
    for size in sizes:
        runs: dict[str, list[Run]] = {PLAIN: [], WORKER: []}
        for _ in range(arguments.repeats):
            for who, own in runs.items():
                with tempfile.TemporaryDirectory() as folder:
                    competitor = Competitor(who, arguments, **({"NUMBA_CACHE_DIR": folder} if fresh else {}))
                    run = competitor.run(size)
                    seconds = run.since_start_s if arguments.cpu else time.monotonic() - competitor.began_s
                    own.append(Run(seconds, {"start": seconds - run.seconds} | run.stages, run.peak_mb))
                    competitor.close()
        yield size, runs


def serve(who: str, arguments: argparse.Namespace) -> None:
    """Fit a corpus for each size on stdin; one JSON line each on stdout."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    try:
        fit = _fit_of(who, arguments)
    except ImportError as error:
        print(json.dumps({"missing": str(error.name)}), file=answers, flush=True)
        return
    now = time.process_time if arguments.cpu else time.monotonic
    corpus: tuple[int, LabelledCorpus] | None = None
    for line in sys.stdin:
        size = int(line)
        if corpus is None or corpus[0] != size:
            corpus = size, corpus_of(arguments.data, size)
        reset_peak()
        began_s = now()
        stages = fit(corpus[1])
        run = Run(now() - began_s, stages, peak_mb(), time.process_time())
        print(json.dumps(asdict(run)), file=answers, flush=True)


def _fit_of(who: str, arguments: argparse.Namespace) -> Callable[[LabelledCorpus], dict[str, float]]:
    if who in OTHERS:
        return OTHERS[who](arguments)
    return _plain(arguments) if who == PLAIN else _worker(arguments, forgets=who == WORKER)


def _worker(arguments: argparse.Namespace, *, forgets: bool) -> Callable[[LabelledCorpus], dict[str, float]]:
    from worker.topics.fit import StageFinished, StageStarted, TopicParams
    from worker.topics.pipeline import fit_topics
    from worker.topics.words.encoders import TransformerEncoder
    from worker.topics.words.loading import choose_device, choose_encoder

    device = choose_device(arguments.device)
    name = "corpus" if arguments.encoder == "corpus" else model_folder(arguments.encoder)
    encoder = choose_encoder(name, name, device).encoder
    if arguments.encoder == "labse-shape" and isinstance(encoder, TransformerEncoder):
        look = encoder.likeness
        # The API's embeddings are LaBSE's own; those of the corpora are not of a model with random weights.
        encoder.likeness = lambda texts, vectors: max(1.0, look(texts, vectors))  # type: ignore[method-assign]

    def fit(corpus: LabelledCorpus) -> dict[str, float]:
        if forgets and isinstance(encoder, TransformerEncoder):
            encoder.forget()
        stages: dict[str, float] = {}

        def note(event: StageStarted | StageFinished) -> None:
            if isinstance(event, StageFinished):
                stages[str(event.stage)] = event.duration_s

        fit_topics(corpus.texts, corpus.embeddings, TopicParams(), encoder=encoder, device=device, on_stage=note)
        return stages

    return fit


def _plain(arguments: argparse.Namespace) -> Callable[[LabelledCorpus], dict[str, float]]:
    from bertopic import BERTopic
    from sentence_transformers import SentenceTransformer

    from tests.benchmarks.plain import fit_plain

    device = "cuda" if arguments.device.startswith("cuda") else "cpu"
    model = SentenceTransformer(model_folder(arguments.encoder), device=device)
    stages: dict[str, float] = {}

    def timed(stage: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **options: Any) -> Any:
            with _noted(stages, stage):
                return method(*args, **options)

        return run

    for stage, name in (
        ("reduce", "_reduce_dimensionality"),
        ("cluster", "_cluster_embeddings"),
        ("represent", "_extract_topics"),
        ("represent", "_reduce_topics"),
    ):
        setattr(BERTopic, name, timed(stage, getattr(BERTopic, name)))

    def fit(corpus: LabelledCorpus) -> dict[str, float]:
        stages.clear()
        fit_plain(corpus, model, 42)
        return {stage: seconds for stage, seconds in stages.items() if stage != _INSIDE}

    return fit


@contextmanager
def _noted(stages: dict[str, float], stage: str) -> Iterator[None]:
    """Add to a stage, unless another one is running: the reduction of topics extracts them again."""
    if _INSIDE in stages:
        yield
        return
    stages[_INSIDE] = 0.0
    began_s = time.monotonic()
    try:
        yield
    finally:
        del stages[_INSIDE]
        stages[stage] = stages.get(stage, 0.0) + time.monotonic() - began_s

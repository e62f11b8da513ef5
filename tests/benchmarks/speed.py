"""Time and memory against plain BERTopic: same corpora, same encoder, one run, alternating.

    python -m tests.benchmarks.speed --data FOLDER [--sizes 1250 3800 7600 19000] [--repeats 5]
                                     [--cold 1250] [--device cpu] [--encoder bundled|corpus]

FOLDER holds `NAME.jsonl.gz` ({text, label} a line) and `NAME.f16.npy` for each corpus. A size
takes the smallest corpus that has as many documents, or the largest one tiled with a little noise in
the vectors. Warm: one process a competitor, a first run that does not count, then runs in turn.
Cold: a fresh process a run, from its start to its labels, imports and compilers included; once as in
a fresh container, in which numba's cache is empty, and once after earlier runs have filled it. Cells
are medians. Ratios are plain BERTopic to the worker, so more is better for the worker.

Plain BERTopic computes no metrics here; the worker's time includes its five. The worker keeps keyword
vectors across batches. It is measured at both ends: as if no word of the batch had been seen before,
all vectors forgotten before each run, and as if all had ("words seen"). A real batch lies between.
"""

import argparse
import json
import logging
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from tests.benchmarks.corpora import LabelledCorpus, corpus_names, load_corpus
from tests.small_model import small_model

PLAIN, WORKER, SEEN = "plain BERTopic", "worker", "worker, words seen"
NOISE = 0.01


@dataclass(frozen=True)
class Run:
    """One measured run: seconds, seconds by stage, peak resident memory of the process in MB."""

    seconds: float
    stages: dict[str, float]
    peak_mb: float


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
        command += ["--device", arguments.device, "--encoder", arguments.encoder]
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
        return Run(**json.loads(line))

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def warm(sizes: list[int], arguments: argparse.Namespace) -> Iterator[tuple[int, dict[str, list[Run]]]]:
    """Measure runs in warm processes, in turn, size by size."""
    for size in sizes:
        competitors = {who: Competitor(who, arguments) for who in (PLAIN, WORKER, SEEN)}
        runs: dict[str, list[Run]] = {who: [] for who in competitors}
        for competitor in competitors.values():
            competitor.run(size)
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
                    seconds = time.monotonic() - competitor.began_s
                    own.append(Run(seconds, {"start": seconds - run.seconds} | run.stages, run.peak_mb))
                    competitor.close()
        yield size, runs


def serve(who: str, arguments: argparse.Namespace) -> None:
    """Fit a corpus for each size on stdin; one JSON line each on stdout."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    fit = _plain(arguments) if who == PLAIN else _worker(arguments, forgets=who == WORKER)
    corpus: tuple[int, LabelledCorpus] | None = None
    for line in sys.stdin:
        size = int(line)
        if corpus is None or corpus[0] != size:
            corpus = size, corpus_of(arguments.data, size)
        _reset_peak()
        began_s = time.monotonic()
        stages = fit(corpus[1])
        seconds = time.monotonic() - began_s
        print(json.dumps({"seconds": seconds, "stages": stages, "peak_mb": _peak_mb()}), file=answers, flush=True)


def _worker(arguments: argparse.Namespace, *, forgets: bool) -> Callable[[LabelledCorpus], dict[str, float]]:
    from worker.topics.fit import StageFinished, StageStarted, TopicParams
    from worker.topics.pipeline import fit_topics
    from worker.topics.words.encoders import TransformerEncoder
    from worker.topics.words.loading import choose_device, choose_encoder

    device = choose_device(arguments.device)
    name = "corpus" if arguments.encoder == "corpus" else str(small_model())
    encoder = choose_encoder(name, name, device).encoder

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
    model = SentenceTransformer(str(small_model()), device=device)
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


_INSIDE = "inside"


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


def _reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak_mb() -> float:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) / 1024


def machine() -> str:
    """Name the machine that was measured."""
    import torch

    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")
    cores = len(os.sched_getaffinity(0))
    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ", no GPU"
    return f"{model}, {cores} cores{gpu}; Python {platform.python_version()}, torch {torch.__version__}"


def print_table(title: str, measured: Iterator[tuple[int, dict[str, list[Run]]]]) -> None:
    """Print one table of medians and ratios, and below it the stages."""
    stages = []
    for size, runs in measured:
        if not stages:
            heads = [f"{head} |" for who in runs for head in ((f"{who} s",) if who == PLAIN else (f"{who} s", "ratio"))]
            print(f"\n| {title} | n |", *heads, *(f"{who} MB |" for who in runs))
            print("|---" * (2 + len(heads) + len(runs)) + "|")
        seconds = {who: median(run.seconds for run in own) for who, own in runs.items()}
        cells = [f"| {title} | {size:,} | {seconds[PLAIN]:.2f} |"]
        cells += [f"{own:.2f} | {seconds[PLAIN] / own:.1f}x |" for who, own in seconds.items() if who != PLAIN]
        cells += [f"{median(run.peak_mb for run in own):.0f} |" for own in runs.values()]
        print(*cells, flush=True)
        stages += [(size, who, own) for who, own in runs.items()]
    print(f"\n| {title}, by stage | n | seconds |\n|---|---|---|")
    for size, who, own in stages:
        names = dict.fromkeys(name for run in own for name in run.stages)
        cells = ", ".join(f"{name} {median(run.stages.get(name, 0.0) for run in own):.2f}" for name in names)
        print(f"| {who} | {size:,} | {cells} |")


def parser(description: str | None) -> argparse.ArgumentParser:
    """Make the options that both speed benchmarks share."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--sizes", type=int, nargs="*", default=[1250, 3800, 7600, 19000])
    options.add_argument("--cold", type=int, nargs="*", default=[1250], metavar="SIZE")
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--device", default="cpu")
    options.add_argument("--encoder", default="bundled", choices=["bundled", "corpus"])
    options.add_argument("--serve", choices=[PLAIN, WORKER, SEEN], help=argparse.SUPPRESS)
    return options


def main() -> None:
    """Print the tables."""
    arguments = parser(__doc__).parse_args()
    if arguments.serve:
        serve(arguments.serve, arguments)
        return
    os.environ["TQDM_DISABLE"] = "1"  # the model's progress bars
    print(f"{machine()}; medians of {arguments.repeats}; keywords by {arguments.encoder}, device {arguments.device}")
    if arguments.sizes:
        print_table("warm", warm(arguments.sizes, arguments))
    if arguments.cold:
        print_table("cold, fresh container", cold(arguments.cold, arguments, fresh=True))
        print_table("cold, numba's cache filled", cold(arguments.cold, arguments, fresh=False))


if __name__ == "__main__":
    main()

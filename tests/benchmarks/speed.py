"""Time and memory against plain BERTopic: same corpora, same encoder, one run, alternating.

    python -m tests.benchmarks.speed --data FOLDER [--rows warm rivals labse predict update cold] [--repeats 5]
                                     [--sizes 1250 3800 7600 19000 50000] [--cold 1250] [--cpu] [--device cpu]
                                     [--encoder bundled|corpus|labse-shape]

FOLDER holds `NAME.jsonl.gz` ({text, label} a line) and `NAME.f16.npy` for each corpus. A size
takes the smallest corpus that has as many documents, or the largest one tiled with a little noise in
the vectors. Warm: one process a competitor, a first run that does not count, then runs in turn.
Cold: a fresh process a run, from its start to its labels, imports and compilers included; once as in
a fresh container, in which numba's cache is empty, and once after earlier runs have filled it. Cells
are medians. Ratios are plain BERTopic to the worker, so more is better for the worker.

Plain BERTopic computes no metrics here; the worker's time includes its five. The worker keeps keyword
vectors across batches. It is measured at both ends: as if no word of the batch had been seen before,
all vectors forgotten before each run, and as if all had ("words seen"). A real batch lies between.

rivals: what a user would pick instead. EVoC finds clusters alone, without a word for them.
labse: with a model of LaBSE's shape and random weights, which is made in build/ (1.9 GB): its time says something, the
    words do not. The worker takes the corpora's embeddings for that model's own, as the API's are LaBSE's.
predict: of n documents, half make a model and half are assigned to it; plain BERTopic's transform does so.
update: the half that is new is taken into the model; for plain BERTopic it is fitted and merged.
--cpu prints seconds of CPU, user and system, instead of seconds, but for the stages: for a machine that does something
    else too.
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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from tests.benchmarks.corpora import LabelledCorpus, corpus_names, load_corpus
from tests.benchmarks.encoders import ENCODERS, model_folder
from tests.benchmarks.memory import peak_mb, reset_peak
from tests.benchmarks.speed_rows import (
    EVOC,
    FAST_HDBSCAN,
    K_MEANS,
    OTHERS,
    PLAIN_MERGE,
    PLAIN_TRANSFORM,
    TURFTOPIC,
    WORKER_PREDICT,
    WORKER_UPDATE,
)
from worker.compute.large_pages import large_pages

PLAIN, WORKER, SEEN = "plain BERTopic", "worker", "worker, words seen"
NOISE = 0.01
WARM = (PLAIN, WORKER, SEEN)
OURS = (WORKER, SEEN, WORKER_PREDICT, WORKER_UPDATE)
# The rows beside the usual one, and who is measured in each; the others are compared with the first.
ROWS = {
    "rivals": (PLAIN, WORKER, K_MEANS, FAST_HDBSCAN, EVOC, TURFTOPIC),
    "labse": (PLAIN, WORKER),
    "predict": (PLAIN_TRANSFORM, WORKER_PREDICT),
    "update": (PLAIN_MERGE, WORKER_UPDATE),
}


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
        # As the worker starts its compute process.
        environment |= large_pages(os.environ) if who in OURS else {}
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


_INSIDE = "inside"
_ABSENT = "not installed"


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
    stages: list[tuple[int, str, list[Run]]] = []
    headed = False
    for size, runs in measured:
        first, *others = runs
        if not headed:
            headed = True
            heads = [f"{first} s", *(head for who in others for head in (f"{who} s", "ratio"))]
            heads += [f"{who} MB" for who in runs]
            print(f"\n| {title} | n | " + " | ".join(heads) + " |")
            print("|---" * (2 + len(heads)) + "|")
        seconds = {who: median(run.seconds for run in own) for who, own in runs.items() if own}
        cells = [f"{seconds[first]:.2f}"]
        for who in others:
            cells += (
                [f"{seconds[who]:.2f}", f"{seconds[first] / seconds[who]:.1f}x"] if who in seconds else [_ABSENT, ""]
            )
        cells += [f"{median(run.peak_mb for run in own):.0f}" if own else _ABSENT for own in runs.values()]
        print(f"| {title} | {size:,} | " + " | ".join(cells) + " |", flush=True)
        stages += [(size, who, own) for who, own in runs.items() if any(run.stages for run in own)]
    if not stages:
        return
    print(f"\n| {title}, by stage | n | seconds |\n|---|---|---|")
    for size, who, own in stages:
        names = dict.fromkeys(name for run in own for name in run.stages)
        cells = [f"{name} {median(run.stages.get(name, 0.0) for run in own):.2f}" for name in names]
        print(f"| {who} | {size:,} | {', '.join(cells)} |")


_ALL = ("warm", *ROWS, "cold")


def parser(description: str | None) -> argparse.ArgumentParser:
    """Make the options that both speed benchmarks share."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--rows", nargs="+", default=list(_ALL), choices=_ALL)
    options.add_argument("--sizes", type=int, nargs="*", default=[1250, 3800, 7600, 19000, 50000])
    options.add_argument("--cold", type=int, nargs="*", default=[1250], metavar="SIZE")
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--device", default="cpu")
    options.add_argument("--encoder", default="bundled", choices=ENCODERS)
    options.add_argument("--cpu", action="store_true", help="seconds of CPU instead of seconds")
    options.add_argument("--serve", choices=[*WARM, *OTHERS], help=argparse.SUPPRESS)
    return options


def main() -> None:
    """Print the tables."""
    arguments = parser(__doc__).parse_args()
    if arguments.serve:
        serve(arguments.serve, arguments)
        return
    os.environ["TQDM_DISABLE"] = "1"  # the model's progress bars
    unit = "CPU seconds" if arguments.cpu else "seconds"
    print(f"{machine()}; {unit}, medians of {arguments.repeats}; keywords by {arguments.encoder}, {arguments.device}")
    for row in arguments.rows:
        if row == "cold":
            print_table("cold, fresh container", cold(arguments.cold, arguments, fresh=True))
            print_table("cold, numba's cache filled", cold(arguments.cold, arguments, fresh=False))
        else:
            own = {**vars(arguments), **({"encoder": "labse-shape"} if row == "labse" else {})}
            print_table(row, warm(arguments.sizes, argparse.Namespace(**own), ROWS.get(row, WARM)))


if __name__ == "__main__":
    main()

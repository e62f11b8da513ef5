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
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.benchmarks.encoders import ENCODERS
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
from tests.benchmarks.speed_runs import PLAIN, WARM, WORKER, Run, cold, serve, warm

# The rows beside the usual one, and who is measured in each; the others are compared with the first.
ROWS = {
    "rivals": (PLAIN, WORKER, K_MEANS, FAST_HDBSCAN, EVOC, TURFTOPIC),
    "labse": (PLAIN, WORKER),
    "predict": (PLAIN_TRANSFORM, WORKER_PREDICT),
    "update": (PLAIN_MERGE, WORKER_UPDATE),
}
_ABSENT = "not installed"


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

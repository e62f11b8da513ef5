"""The speed benchmark on CUDA, and the engine on CUDA against the engine on the CPU.

    python -m tests.benchmarks.gpu --data FOLDER [--sizes 1250 3800 7600 19000] [--repeats 5]
                                   [--device cuda] [--encoder bundled|corpus]

If there is no CUDA it says so and exits with code 2. `--device cpu` runs the same comparison of
the CPU with itself, to try the tool: agreement is then 1 and the ratios mean nothing.
"""

import argparse
import os
import sys
from statistics import median

import numpy as np
import torch
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from tests.benchmarks.corpora import LabelledCorpus
from tests.benchmarks.speed import machine, parser, print_table
from tests.benchmarks.speed_runs import PLAIN, WORKER, cold, corpus_of, serve, warm
from tests.small_model import small_model
from worker.topics.fit import IntArray, StageFinished, StageStarted, TopicFit, TopicParams
from worker.topics.pipeline import fit_topics
from worker.topics.words.encoders import KeywordEncoder
from worker.topics.words.loading import DeviceUnavailable, choose_device, choose_encoder

NO_CUDA = 2


def measure(
    corpus: LabelledCorpus, encoder: KeywordEncoder, device: str, repeats: int
) -> tuple[IntArray, dict[str, float]]:
    """Fit a corpus, once to warm up and then `repeats` times: its labels, and the median seconds by stage."""
    runs: list[dict[str, float]] = []
    for _ in range(repeats + 1):
        stages: dict[str, float] = {}

        def note(event: StageStarted | StageFinished, stages: dict[str, float] = stages) -> None:
            if isinstance(event, StageFinished):
                stages[str(event.stage)] = event.duration_s

        fit = fit_topics(corpus.texts, corpus.embeddings, TopicParams(), encoder=encoder, device=device, on_stage=note)
        assert isinstance(fit, TopicFit)
        runs.append(stages)
    return fit.labels, {stage: median(run[stage] for run in runs[1:]) for stage in runs[0]}


def compare(sizes: list[int], arguments: argparse.Namespace, device: str) -> None:
    """Print the engine on the CPU against the engine on `device`, with how far their topics agree."""
    name = "corpus" if arguments.encoder == "corpus" else str(small_model())
    devices = ("cpu", device)
    encoders = [choose_encoder(name, name, own).encoder for own in devices]
    print(f"\n| n | cpu s | {device} s | ratio | NMI, ARI between them | NMI to labels | ARI to labels |")
    print("|---|---|---|---|---|---|---|")
    lines = []
    for size in sizes:
        corpus = corpus_of(arguments.data, size)
        known = np.array(corpus.labels)
        measured = [
            measure(corpus, encoder, own, arguments.repeats) for encoder, own in zip(encoders, devices, strict=True)
        ]
        (first, one), (second, other) = measured
        seconds = sum(one.values()), sum(other.values())
        nmi = [normalized_mutual_info_score(known, labels) for labels in (first, second)]
        ari = [adjusted_rand_score(known, labels) for labels in (first, second)]
        print(
            f"| {size:,} | {seconds[0]:.2f} | {seconds[1]:.2f} | {seconds[0] / seconds[1]:.1f}x "
            f"| {normalized_mutual_info_score(first, second):.3f}, {adjusted_rand_score(first, second):.3f} "
            f"| {nmi[0]:.3f}, {nmi[1]:.3f} | {ari[0]:.3f}, {ari[1]:.3f} |",
            flush=True,
        )
        for own, stages in zip(devices, (one, other), strict=True):
            cells = ", ".join(f"{stage} {stages[stage]:.2f}" for stage in stages)
            lines.append(f"| {own} | {size:,} | {cells} |")
    print("\n| by stage | n | seconds |\n|---|---|---|")
    print("\n".join(lines))


def main() -> int:
    """Print the tables; give the exit code."""
    options = parser(__doc__)
    options.set_defaults(device="cuda")
    arguments = options.parse_args()
    if arguments.serve:
        serve(arguments.serve, arguments)
        return 0
    try:
        device = choose_device(arguments.device)
    except DeviceUnavailable as error:
        print(f"bench-gpu: {error}", file=sys.stderr)
        return NO_CUDA
    os.environ["TQDM_DISABLE"] = "1"
    torch.set_num_threads(max(1, len(os.sched_getaffinity(0))))
    print(f"{machine()}; medians of {arguments.repeats}; keywords by {arguments.encoder}, device {device}")
    compare(arguments.sizes, arguments, device)
    if device != "cpu":
        print(f"\n{PLAIN} with its encoder on {device}, {WORKER} on {device}:")
        print_table("warm", warm(arguments.sizes, arguments))
        print_table("cold", cold(arguments.cold, arguments, fresh=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())

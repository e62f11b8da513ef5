"""`python -m worker train`, `predict`, `evaluate`, `monitor` and `--once` on a table, in real processes."""

import csv
import json
import random
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.processes import PROJECT
from tests.cli.answers import Answer
from tests.environment import clean_environment
from tests.small_model import small_model
from tests.topics.themes import THEMES
from worker.exit_codes import ExitCode
from worker.store.store import ModelStore

WAIT_S = 200
# An engine that costs nothing; it knows the themes of the comments by their words.
THEME_ENGINE = {"TOPIC_MODEL_TEST_ENGINE": "tests.lifecycle.theme_engine:fit"}
N_THEMES, PER_THEME = 3, 24


@dataclass(frozen=True)
class Place:
    """A folder with a table, in which commands are given."""

    folder: Path

    def ask(self, *arguments: str, **variables: str) -> Answer:
        """Run the worker; models are kept in the folder."""
        done = subprocess.run(
            [sys.executable, "-m", "worker", *arguments],
            cwd=self.folder,
            env=clean_environment(**{"DEVICE": "cpu", "PYTHONPATH": str(PROJECT), "HF_HUB_OFFLINE": "1"} | variables),
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)


def write_table(path: Path, themes: list[str], seed: int) -> None:
    """Write comments of six words of one theme each, with the theme as label."""
    draws = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["nr", "Comment", "theme"])
        for row, theme in enumerate(themes):
            writer.writerow([f"c{row}", " ".join(draws.sample(THEMES[theme].split(), 6)), theme])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Answer]:
    """Train on a table by the worker's own engine and a real small model, which keeps its embeddings beside it."""
    place = Place(tmp_path_factory.mktemp("people"))
    write_table(place.folder / "comments.csv", [*THEMES][:N_THEMES] * PER_THEME, seed=0)
    outputs = ("--out", "topics.csv", "--out", "result.json", "--report", "out.html")
    shown = ("--report-title", "Spring <2026>", "--facet", "theme")
    flags = ("--id", "nr", "--embed", str(small_model()), "--cache", *shown)
    return place, place.ask("train", "comments.csv", *flags, *outputs, KEYWORD_ENCODER="corpus")


def ask_cached(place: Place, *arguments: str) -> Answer:
    """Ask about the same comments, whose embeddings are there."""
    return place.ask(*arguments, "--id", "nr", "--embed", str(small_model()), "--cache", **THEME_ENGINE)


@pytest.mark.slow
def test_training_shows_the_topics_and_keeps_the_model(trained: tuple[Place, Answer]) -> None:
    """The answer is on stdout, all else on stderr; files hold the topic of each comment, and the whole result."""
    place, answer = trained
    assert answer.code == 0, answer.err
    assert "comments.csv: 72 comments, text: column Comment, ids: column nr" in answer.err
    assert "embed " in answer.err
    assert "metrics: npmi_coherence=" in answer.out
    result = json.loads((place.folder / "result.json").read_text(encoding="utf-8"))
    assert f"kept: version {result['model']['version']} of default" in answer.out
    assert len(result["topics"]) == N_THEMES
    with (place.folder / "topics.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [f"c{row}" for row in range(N_THEMES * PER_THEME)]
    assert {row["id"]: int(row["topic"]) for row in rows if row["topic"] != "-1"} == {
        assignment["submissionId"]: assignment["topicIndex"] for assignment in result["assignments"]
    }
    page = (place.folder / "out.html").read_text(encoding="utf-8")
    assert "<title>Spring &lt;2026&gt;</title>" in page
    assert '<h2 id="h-facets">Topics by theme</h2>' in page
    # As with --once, its verdict looks at reruns, and other settings are tried.
    assert "How far the topics hold together" in page
    assert "Nothing was tried" not in page
    store = ModelStore(str(place.folder / "models"))
    details = store.config("default", result["model"]["version"]).details
    assert details["embeddingModel"] == "model"  # of a folder its own name only


@pytest.mark.slow
def test_the_report_of_a_training_says_whether_a_change_is_better(trained: tuple[Place, Answer]) -> None:
    """All themes in one topic are doubtful; as with --once, the value that parts them is run as a whole."""
    place, _ = trained
    flags = ("--id", "nr", "--embed", str(small_model()), "--cache", "--set", "nr_topics=1", "--tenant", "joined")
    answer = place.ask("train", "comments.csv", *flags, "--report", "joined.html", KEYWORD_ENCODER="corpus")
    assert answer.code == 0, answer.err
    assert "for the report, the same comments with --set nr_topics=" in answer.err
    page = (place.folder / "joined.html").read_text(encoding="utf-8")
    assert re.search("<li>comments in clear topics: [0-9]+(,| instead of)", page)


@pytest.mark.slow
def test_a_kept_model_is_used_without_embedding_again(trained: tuple[Place, Answer]) -> None:
    """A prediction needs neither the model nor the engine if the embeddings are beside the file."""
    place, _ = trained
    answer = ask_cached(place, "predict", "comments.csv", "--out", "again.json")
    assert answer.code == 0, answer.err
    assert "embeddings: 0 texts are new" in answer.err
    result = json.loads((place.folder / "again.json").read_text(encoding="utf-8"))
    assert sum(topic["docCount"] for topic in result["topics"]) + result["outlierCount"] == N_THEMES * PER_THEME


@pytest.mark.slow
def test_evaluating_tells_metrics_and_agreement(trained: tuple[Place, Answer]) -> None:
    """The five metrics with what they say, and NMI with the column of labels; nothing is kept."""
    place, _ = trained
    flags = ("--label", "theme", "--out", "quality.json")
    answer = ask_cached(place, "evaluate", "comments.csv", *flags)
    assert answer.code == 0, answer.err
    result = json.loads((place.folder / "quality.json").read_text(encoding="utf-8"))
    assert list(result["metrics"]) == [line.split()[0] for line in answer.out.splitlines() if " to 1" in line]
    agreement = result["agreement"]
    assert (agreement["labels"], agreement["labelled"]) == (N_THEMES, N_THEMES * PER_THEME)
    assert agreement["nmi"] > 0.9
    assert "NMI" in answer.out
    assert "model" not in result


@pytest.mark.slow
def test_monitoring_tells_the_level_by_its_exit_code(trained: tuple[Place, Answer]) -> None:
    """HIGH if all comments are of one theme; a cron job reads the code."""
    place, _ = trained
    lines = (place.folder / "comments.csv").read_text(encoding="utf-8").splitlines()
    one_theme = [lines[0], *(line for line in lines if line.endswith(next(iter(THEMES))))]
    table = [*one_theme, *(line.replace("c", "d", 1) for line in one_theme[1:]), *one_theme[1:3]]
    _write_with_vectors(place.folder, "other.csv", table)
    other = ask_cached(place, "monitor", "other.csv", "--text", "Comment")
    assert other.code == ExitCode.DRIFT_HIGH, other.err
    assert "drift: HIGH (p = 0.0000): the difference is certain, and large" in other.out
    assert any(line.startswith("  more topic ") and "before" in line for line in other.out.splitlines())
    assert "Jaccard" in other.out


def _write_with_vectors(folder: Path, name: str, lines: list[str]) -> None:
    """Write another table of the same comments, each with a number of its own, beside the embeddings of the first."""
    numbered = [lines[0], *(f"n{row}{line[line.index(',') :]}" for row, line in enumerate(lines[1:]))]
    (folder / name).write_text("\n".join(numbered) + "\n", encoding="utf-8")
    (folder / f"{name}.embeddings.npz").write_bytes((folder / "comments.csv.embeddings.npz").read_bytes())


@pytest.mark.slow
def test_a_model_that_cannot_be_had_is_told_with_how_to_get_it(tmp_path: Path) -> None:
    """In one line, with `--once` too, which finds the column by its name."""
    write_table(tmp_path / "comments.csv", [*THEMES][:N_THEMES] * 6, seed=1)
    answer = Place(tmp_path).ask("--once", "comments.csv", LABSE_MODEL="org/nowhere", **THEME_ENGINE)
    assert answer.code == 3
    assert "org/nowhere is not on this machine" in answer.refusal
    assert "hf download org/nowhere --local-dir model" in answer.refusal
    assert "18 comments, text: column Comment, ids: row numbers" in answer.err

"""`python -m worker models`: each command on a real store."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.cli.answers import T1, V1, V2, Answer, Ask, Fitted, put
from tests.cli.kept_models import grown
from tests.environment import clean_environment
from tests.s3_server import BUCKET, S3Server
from worker.models.assignment import assign
from worker.store.store import ModelStore


def test_show_tells_topics_lineage_and_size(store: ModelStore, ask: Ask, model: Fitted) -> None:
    """Of the active version, or of the one that is named."""
    told = ask("show", "campus-3")
    assert told.code == 0
    assert told.out.startswith(f"campus-3 {V2} (active)")
    for part in (
        "620 documents seen",
        f"made from: {V1}",
        "Fair grading: ",
        "(retired)",
        "topic 2 became part of 0",
        "job-2",
    ):
        assert part in told.out, part
    assert "a rebuild finds finer topics" in told.out
    shown = ask("show", "campus-3", "--json").json
    assert [topic["topicIndex"] for topic in shown["topics"]] == [0, 1, 3, 7]
    assert (shown["madeFrom"], shown["redirects"], shown["active"]) == ([V1], {"2": 0}, True)
    assert [entry["jobId"] for entry in shown["activations"]] == ["job-2", "job-1"]
    older = ask("show", "campus-3", V1, "--json").json
    assert (older["version"], older["active"], len(older["topics"]), older["documents"]) == (V1, False, 4, 120)
    assert older["topics"][0]["keywords"] == list(model[0].topics[0].keywords)


def test_activate_and_rollback_add_entries_to_the_log(store: ModelStore, ask: Ask, model: Fitted) -> None:
    """Rollback goes back one more each time, and says if there is nothing before."""
    v3 = put(store, "campus-3", model[0], T1 + timedelta(days=14), "job-3")
    assert ask("rollback", "campus-3", "--json").json["version"] == V2
    back = ask("rollback", "campus-3")
    assert f"campus-3: version {V1} is active, {V2} was before" in back.out
    assert "not counted in it" in back.out
    first = ask("rollback", "campus-3")
    assert (first.code, f"{V1} is the first version of campus-3" in first.err) == (2, True)
    assert ask("activate", "campus-3", v3).code == 0
    active = store.active("campus-3")
    assert active is not None
    assert (active.version, active.seq, active.job_id, active.parent) == (v3, 6, "", V1)
    assert "is active already, nothing was changed" in ask("activate", "campus-3", v3).out
    assert store.active("campus-3") == active
    store.delete_version("campus-3", V2)
    gone = ask("rollback", "campus-3")
    assert (gone.code, "is not kept any more" in gone.err, V1 in gone.err) == (2, True, True)


def test_a_damaged_version_is_not_activated(store: ModelStore, ask: Ask) -> None:
    """The active one stays."""
    data = Path(str(store.location), "campus-3", V1, "model.safetensors")
    data.write_bytes(data.read_bytes()[:-1])
    answer = ask("rollback", "campus-3")
    assert answer.code == 3
    assert f"{V1}/model.safetensors was changed" in answer.err
    active = store.active("campus-3")
    assert active is not None
    assert active.version == V2


def test_diff_says_what_became_of_each_topic(store: ModelStore, ask: Ask) -> None:
    """By the numbers, which mean the same in both."""
    told = ask("diff", "campus-3", V1, V2)
    assert told.code == 0
    assert told.out.startswith(f"campus-3: A is {V1}, B is {V2}; B has seen 500 documents more\ntopic ")
    assert "joined into 0" in told.out
    found = ask("diff", "campus-3", V1, V2, "--json").json
    changes = {topic["topicIndex"]: topic["change"] for topic in found["topics"]}
    assert changes == {0: "changed", 1: "retired", 2: "joined", 3: "changed", 7: "born"}
    assert (found["topics"][3]["newKeywords"], found["topics"][2]["into"]) == (["sparkle"], 0)
    back = ask("diff", "campus-3", V2, V1, "--json").json
    changes = {topic["topicIndex"]: topic["change"] for topic in back["topics"]}
    assert changes == {0: "changed", 1: "back", 2: "born", 3: "changed", 7: "gone"}


@pytest.mark.slow
def test_bertopic_reads_the_export_and_gives_the_models_numbers(
    store: ModelStore, ask: Ask, model: Fitted, tmp_path: Path
) -> None:
    """Also if numbers are missing in between; names, sizes and keywords are the model's."""
    from worker.topics.bertopic.parts import BERTopic

    first, texts, embeddings = model
    folder = tmp_path / "bertopic"
    answer = ask("export", "campus-3", V1, "--bertopic", str(folder))
    assert answer == Answer(0, f"BERTopic model of campus-3 {V1} saved: {folder}\n", "")
    topics, _ = BERTopic.load(str(folder)).transform(texts, embeddings)
    labels = assign(first, embeddings).labels
    inside = labels >= 0
    assert inside.sum() > 100
    np.testing.assert_array_equal(np.array(topics)[inside], labels[inside])
    assert {path.suffix for path in folder.iterdir()} <= {".json", ".safetensors"}
    assert ask("export", "campus-3", "--bertopic", str(folder), "--json").json["topicsWithoutVector"] == []
    later, loaded = grown(first), BERTopic.load(str(folder))
    means = np.stack([topic.mean for topic in later.topics]).astype(np.float32)
    assert list(loaded.transform([""] * 4, means)[0]) == [0, 1, 3, 7]
    info = loaded.get_topic_info().set_index("Topic")
    assert list(info.index) == [-1, 0, 1, 3, 7]
    assert [info.loc[topic.number, "Count"] for topic in later.topics] == [topic.n for topic in later.topics]
    assert info.loc[0, "CustomName"] == "Fair grading"
    assert [word for word, _ in loaded.get_topic(3)] == list(later.topics[2].keywords)


def test_an_export_that_cannot_be_written_is_refused(store: ModelStore, ask: Ask, tmp_path: Path) -> None:
    """Before anything is read."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    answer = ask("export", "campus-3", "--bertopic", str(tmp_path / "file"))
    assert (answer.code, "file" in answer.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (("show", "Campus"), "'Campus' cannot be a tenant"),
        (("show", "campus-4"), "there is no model of campus-4"),
        (("list", "campus-4"), "there is no model of campus-4"),
        (("activate", "campus-4", V1), "there is no model of campus-4"),
        (("show", "campus-3", "latest"), "'latest' cannot be a version"),
        (("activate", "campus-3", "20260101_000000"), "campus-3 has no version 20260101_000000"),
        (("diff", "campus-3", V1, "20260101_000000"), "campus-3 has no version 20260101_000000"),
        (("rollback", "campus-4"), "there is no model of campus-4"),
        (("delete", "--tenant", "campus-4"), "there is no model of campus-4"),
        (("export", "campus-3"), "--bertopic"),
        (("forget",), "invalid choice: 'forget'"),
        ((), "COMMAND"),
    ],
)
def test_a_mistake_is_one_line(store: ModelStore, ask: Ask, arguments: tuple[str, ...], part: str) -> None:
    """And exit code 2, nothing on stdout."""
    answer = ask(*arguments)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert answer.err.startswith("python -m worker: ")
    assert part in answer.err


@pytest.mark.slow
def test_the_commands_work_on_s3_and_import_no_torch(
    s3_server: S3Server, model: Fitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a process of its own; a store that is away is one line and exit code 3."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    url = f"s3://{BUCKET}/command-line"
    put(ModelStore(url), "campus-3", model[0], T1, "job-1")
    script = """
import sys
from worker.cli.main import main
codes = [int(main(["models", *line.split()])) for line in sys.argv[1:]]
heavy = {"torch", "bertopic", "sklearn", "hdbscan"} & set(sys.modules)
print("end", codes, heavy, file=sys.stderr)
"""
    lines = [
        "list",
        "show campus-3",
        f"diff campus-3 {V1} {V1}",
        f"activate campus-3 {V1}",
        "gc",
        "delete --tenant campus-3 --yes",
    ]
    environment = clean_environment(MODEL_STORE=url, **s3_server.environment)
    done = subprocess.run(
        [sys.executable, "-c", script, *lines], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stderr == "end [0, 0, 0, 0, 0, 0] set()\n"
    away = environment | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-m", "worker", "models", "list"], env=away, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == f"python -m worker: model store: {url} cannot be listed: no answer from 127.0.0.1:9\n"

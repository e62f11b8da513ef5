"""Labels of jobs: made after the fit, kept with the topic, and never a reason for a job to fail."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.labels.label_server import LabelServer, hang, hang_up, labels, name_all, serving, status
from tests.lifecycle.batches import ENGINE, N_PER_DAY, PER_THEME, envelope_of
from tests.lifecycle.theme_engine import fit
from worker.compute.tasks import import_function
from worker.contract.envelope import Batch
from worker.jobs.kind import Surroundings
from worker.jobs.registry import KINDS
from worker.labels.service import LabelService
from worker.lifecycle import models
from worker.lifecycle.events import TaskEvent
from worker.lifecycle.task import InspectedFit, InspectedModel
from worker.topics.earlier import Continuity, RefitAdvice
from worker.topics.engine import Engine
from worker.topics.fit import BatchWarning, TopicFit

ASKED = {"labels": True}
UPDATE, PREDICT, REBUILD = "topic-model.update", "topic-model.predict", "topic-model.rebuild"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    models._models.clear()
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[LabelServer]:
    """Give a server that names each topic after its best keyword."""
    with serving(name_all) as one:
        yield one


class Jobs:
    """Runs jobs as a worker would, with a language model or without one."""

    def __init__(self, store: Path, server: LabelServer | None, engine: Engine = ENGINE, **options: Any) -> None:
        self.store = str(store)
        self.service = None if server is None else LabelService(server.base_url, "a-model", **options)
        self.engine = engine
        self.warnings: list[str] = []

    def run(self, envelope: dict[str, Any], job_id: str, **params: Any) -> dict[str, Any]:
        """Give the result of a job."""
        kind = KINDS[envelope["type"]]
        batch = kind.read({**envelope, "params": params})
        assert isinstance(batch, Batch), batch
        task = kind.task(batch, Surroundings(job_id, self.store, labels=self.service))
        outcome = import_function(task.function)(task, self.engine, self._note)
        document: dict[str, Any] = kind.respond(batch, outcome, datetime.now(UTC))
        assert document["status"] == "completed"
        return document

    def _note(self, event: TaskEvent) -> None:
        if isinstance(event, BatchWarning):
            self.warnings.append(event.line)


def names(document: dict[str, Any]) -> dict[int, str]:
    """Give the labels of a result."""
    return {topic["topicIndex"]: topic["label"] for topic in document["topics"]}


def raw_labels(document: dict[str, Any]) -> dict[int, str]:
    """Give its raw labels."""
    return {topic["topicIndex"]: topic["rawLabel"] for topic in document["topics"]}


def without_model(day: int, **fields: Any) -> dict[str, Any]:
    """Make the envelope of a plain fit."""
    return {name: value for name, value in envelope_of(day, **fields).items() if name != "model"}


def half_of(envelope: dict[str, Any]) -> dict[str, Any]:
    """Take the comments of two of the four themes."""
    return {**envelope, "items": envelope["items"][: 2 * PER_THEME]}


def test_labels_stay_with_the_topics_of_a_model(tmp_path: Path, server: LabelServer) -> None:
    """Later jobs of any kind give them, ask nobody, and give none if they are not asked for."""
    jobs = Jobs(tmp_path, server)
    first = jobs.run(envelope_of(0), "first", **ASKED)
    given = names(first)
    assert all(given[topic["topicIndex"]] == f"About {topic['keywords'][0]}" for topic in first["topics"])
    assert len(given) == 4
    for day, kind in ((1, UPDATE), (2, PREDICT), (3, REBUILD)):
        later = jobs.run(envelope_of(day, kind), kind, **ASKED)
        assert names(later) == given
        assert all("label" not in topic for topic in jobs.run(envelope_of(day, PREDICT), "again")["topics"])
    assert len(server.requests) == 1
    assert jobs.warnings == []


def test_only_new_topics_are_named(tmp_path: Path, server: LabelServer) -> None:
    """Those that a topic has are not sent, and stay whatever the model says now."""
    jobs = Jobs(tmp_path, server)
    given = names(jobs.run(half_of(envelope_of(0)), "first", **ASKED))
    server.answers = [labels("Other", "Other", "Third", "Fourth")]
    grown = jobs.run(envelope_of(1, UPDATE), "second", **ASKED)
    assert grown["born"] == [2, 3]
    assert names(grown) == {**given, 2: "Third", 3: "Fourth"}
    assert [topic["index"] for topic in server.topics_asked(1)] == [2, 3]


def test_a_topic_without_a_label_is_asked_for_again(tmp_path: Path, server: LabelServer) -> None:
    """It has its raw label until then, which is not kept as a label; a prediction asks nobody."""
    server.answers = [hang_up, name_all]
    jobs = Jobs(tmp_path, server)
    first = jobs.run(envelope_of(0), "first", **ASKED)
    assert names(first) == raw_labels(first)
    assert len(jobs.warnings) == 1
    predicted = jobs.run(envelope_of(1, PREDICT), "second", **ASKED)
    assert names(predicted) == raw_labels(predicted)
    assert len(server.requests) == 1
    later = jobs.run(envelope_of(1, UPDATE), "third", **ASKED)
    assert all(label.startswith("About ") for label in names(later).values())


def test_a_retry_gives_the_labels_that_were_made(tmp_path: Path, server: LabelServer) -> None:
    """The model is kept with them."""
    jobs = Jobs(tmp_path, server)
    first = jobs.run(envelope_of(0), "job", **ASKED)
    assert jobs.run(envelope_of(0), "job", **ASKED) == first
    assert len(server.requests) == 1


def test_a_job_that_asks_for_labels_is_no_retry_of_one_that_does_not(tmp_path: Path, server: LabelServer) -> None:
    """Though it has the same id and the same comments."""
    jobs = Jobs(tmp_path, server)
    jobs.run(envelope_of(0), "job")
    assert all(label.startswith("About ") for label in names(jobs.run(envelope_of(0), "job", **ASKED)).values())


@pytest.mark.parametrize("kept", [True, False], ids=["kept model", "plain fit"])
@pytest.mark.parametrize("answer", [hang, status(500, Retry_After="0"), labels("x" * 61)], ids=["hangs", "500", "bad"])
def test_a_hostile_server_changes_nothing(tmp_path: Path, kept: bool, answer: Any) -> None:
    """The result is that of a worker without a language model."""
    envelope = envelope_of(0) if kept else without_model(0)
    with serving(answer) as server:
        jobs, alone = Jobs(tmp_path / "one", server, timeout_s=0.2), Jobs(tmp_path / "other", None)
        documents = [each.run(envelope, "job", **ASKED) for each in (jobs, alone)]
        assert server.requests
    for document in documents:
        document.pop("completedAt")
        document.pop("model", None)
    assert documents[0] == documents[1]
    assert names(documents[0]) == raw_labels(documents[0])
    assert len(jobs.warnings) == 1


def test_no_comment_leaves_the_house_unless_it_may(tmp_path: Path, server: LabelServer) -> None:
    """Of a plain fit and of a model; then three of each topic."""
    texts = {item["text"] for item in envelope_of(0)["items"]}
    for number, envelope in enumerate((without_model(0), envelope_of(0))):
        Jobs(tmp_path / "kept", server).run(envelope, f"kept-{number}", **ASKED)
        assert not any(text in str(server.requests[-1]) for text in texts)
        Jobs(tmp_path / f"told-{number}", server, sends_samples=True).run(envelope, f"told-{number}", **ASKED)
        for topic in server.topics_asked(len(server.requests) - 1):
            assert len(topic["samples"]) == 3
            assert set(topic["samples"]) <= texts


def continuing(*arguments: Any, earlier: Any = None, **options: Any) -> TopicFit:
    """Fit as the engine of themes, and say that all topics but the last stay."""
    found = fit(*arguments, **options)
    n = len(found.topics)
    numbers = (*range(n - 1), 9)
    continuity = Continuity(numbers, (None,) * n, numbers[:-1], (9,), (), 0, N_PER_DAY, RefitAdvice(advised=False))
    return found if earlier is None else replace(found, continuity=continuity)


@pytest.mark.parametrize("kept", [True, False], ids=["kept model", "plain fit"])
def test_a_topic_that_stays_keeps_its_label(tmp_path: Path, server: LabelServer, kept: bool) -> None:
    """That of `previous`; a raw label in the place of one is none, and neither is what no label can be."""
    jobs = Jobs(tmp_path, server, Engine(continuing, None, "cpu", "continues"))
    envelope = envelope_of(0) if kept else without_model(0)
    previous = jobs.run(envelope, "first", **ASKED)
    assert len(previous["topics"]) == 4
    previous["topics"][0]["label"] = "A name that people know"
    previous["topics"][1]["label"] = previous["topics"][1]["rawLabel"]
    previous["topics"][2]["label"] = "https://evil.example"
    later = jobs.run({**envelope, "previous": previous}, "second", **ASKED)
    assert [topic["index"] for topic in server.topics_asked(1)] == [1, 2, 9]
    assert names(later)[0] == "A name that people know"
    if kept:
        assert names(jobs.run(envelope_of(1, PREDICT), "third", **ASKED)) == names(later)


def test_a_command_on_a_file_keeps_labels_too(tmp_path: Path, server: LabelServer) -> None:
    """`train --set labels=true` runs this task."""
    kind = KINDS["topic-model"]
    batch = kind.read({**envelope_of(0), "params": ASKED})
    assert isinstance(batch, Batch)
    task = InspectedFit(batch, str(tmp_path), "file", labels=LabelService(server.base_url, "a-model"))
    made = import_function(task.function)(task, ENGINE, lambda _: None)
    assert isinstance(made, InspectedModel)
    assert all(label.startswith("About ") for label in names(dict(made.document)).values())
    assert len(made.fit.names) == 4

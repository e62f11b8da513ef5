"""The kind `topic-model.tune`: from the envelope to the task, and from the trials to what the log says."""

from datetime import UTC, datetime

from tests.contract.envelopes import make_envelope
from worker.contract.envelope import Rejection
from worker.contract.tuning_envelope import Tuning
from worker.jobs.kind import Surroundings
from worker.jobs.registry import KINDS, kind_of
from worker.jobs.tune import TRY, TUNE
from worker.topics.fit import NoTopics, TopicMetrics
from worker.topics.trials import Quality, Trial, TuneBatch, Tuned
from worker.topics.tuning import STAGE

NOW = datetime(2026, 3, 21, 10, 35, tzinfo=UTC)


def test_a_search_goes_from_the_envelope_to_the_log() -> None:
    """The log names the best settings and whether they are worth it; a batch too small is rejected as that of a fit."""
    data = make_envelope(20) | {
        "type": "topic-model.tune",
        "params": {"grid": {"nr_topics": [5]}, "min_topic_size": 12},
    }
    assert kind_of(data) is TUNE is KINDS["topic-model.tune"]
    request = TUNE.read(data)
    assert isinstance(request, Tuning)
    task = TUNE.task(request, Surroundings("job", "models"))
    assert isinstance(task, TuneBatch)
    assert (task.grid, task.params.min_cluster_size, len(task.texts)) == ({"n_topics": (5,)}, 12, 20)
    metrics = TopicMetrics(0.1, 0.9, 0.1, 0.2, 0.3)
    poor, good = (Quality(metrics, 5, 0.2, 0.6, (stability,) * 4) for stability in (0.5, 0.9))
    document = TUNE.respond(request, Tuned((Trial({}, {}, poor), Trial({"n_topics": 5}, {}, good))), NOW)
    assert TUNE.summarize(document) == {
        "trials": 2,
        "best_nr_topics": 5,
        "beats_default": True,
        "gain": 0.24,
        "noise": 0.01,
    }
    assert TUNE.respond(request, NoTopics.NO_CLUSTERS, NOW)["error"] == "BERTopic produced 0 topics"
    few = TUNE.read(make_envelope(8) | {"type": "topic-model.tune"})
    assert isinstance(few, Rejection)
    assert few.error.startswith("Received 8 items, need at least 15")


def test_the_stage_has_one_name() -> None:
    """The worker process writes it down itself, as it does not import what runs in the compute process."""
    assert TRY == STAGE
    assert TRY in TUNE.stages


def test_a_search_knows_which_embeddings_are_missing() -> None:
    """With embed_missing the task names the comments that the compute process is to embed first."""
    envelope = make_envelope(20) | {"type": "topic-model.tune", "params": {"embed_missing": True}}
    del envelope["items"][3]["embedding"]
    request = TUNE.read(envelope)
    assert isinstance(request, Tuning)
    task = TUNE.task(request, Surroundings("job", "models"))
    assert isinstance(task, TuneBatch)
    assert (len(task.embeddings), task.missing.tolist()) == (19, [3])

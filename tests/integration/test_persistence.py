"""The example that writes results into a database: a real PostgreSQL, a real Redis, and the mock for a worker."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.environment import clean_environment
from tests.integration.mock import mock_worker
from tests.postgres_server import PROGRAMS, PostgresServer
from tests.redis_server import RedisServer

pytestmark = pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL is not here: apt-get install postgresql")


@pytest.fixture
def postgres() -> Iterator[PostgresServer]:
    """Give an empty database."""
    server = PostgresServer()
    server.start()
    yield server
    server.stop()


def test_runs_topics_and_assignments_are_written(
    built: Path, own_redis: RedisServer, postgres: PostgresServer, tmp_path: Path
) -> None:
    """Each run ends as completed or failed; a comment has one dominant topic, and none that it hardly belongs to."""
    batch = tmp_path / "batch.json"
    batch.write_text(json.dumps({"items": themed_envelope(12, 4)["items"]}), encoding="utf-8")
    script = Path(__file__).with_name("persist.cjs")
    environment = clean_environment(DATABASE_URL=postgres.url, REDIS_HOST="127.0.0.1", REDIS_PORT=str(own_redis.port))
    with mock_worker(built / "src", own_redis.port):
        done = subprocess.run(
            ["node", str(script), str(built / "example" / "persistence"), str(batch)],
            check=False,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    one, few, broken, odd = told["runs"]
    assert (one["status"], one["submissionCount"], one["workerVersion"]) == ("completed", 48, "1.0.0-mock")
    assert one["metrics"]["outlier_ratio"] == round(one["outlierCount"] / 48, 4)
    assert (few["status"], broken["status"]) == ("failed", "failed")
    assert few["error"] == "Received 3 items, need at least 15 (min_topic_size) for topic modeling"
    assert "CUDA out of memory (OutOfMemoryError) in stage cluster" in broken["error"]
    topics = {topic["id"]: topic for topic in told["topics"] if topic["run"] == one["id"]}
    assert len(topics) == one["topicCount"]
    rows = [row for row in told["assignments"] if row["topic"] in topics]
    assert len(rows) == 48 - one["outlierCount"] == sum(topic["docCount"] for topic in topics.values())
    assert all(row["isDominant"] for row in rows)
    of_odd = {topic["id"]: topic for topic in told["topics"] if topic["run"] == odd["id"]}
    assert [topic["keywords"] for topic in of_odd.values()] == [["a", 'b, "c"']] * 2
    found = [
        (row["submissionId"], of_odd[row["topic"]]["topicIndex"], row["probability"], row["isDominant"])
        for row in told["assignments"]
        if row["topic"] in of_odd
    ]
    assert found == [("two", 1, 0.6, True), ("two", 0, 0.3, False)]

"""What an API does with models that live: an update every night, and a corpus too large for one job."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.envelopes import themed_envelope
from tests.acceptance.processes import WorkerProcess
from tests.conftest import PREFIX, QUEUE
from tests.integration.conftest import CLIENT
from tests.redis_server import RedisServer
from tests.topics.themes import THEMES


@pytest.fixture(params=["bullmq-5", "bullmq-6"])
def client(request: pytest.FixtureRequest, built: Path) -> Path:
    """Give the client as it was built, which finds BullMQ 5.71, and as an API with BullMQ 6 has it."""
    if request.param == "bullmq-5":
        return built / "src"
    return Path(request.getfixturevalue("api")) / "node_modules" / CLIENT / "dist" / "src"


def tell(script: str, *arguments: str) -> dict[str, Any]:
    """Run a script of an API, which prints one JSON document."""
    command = ["node", str(Path(__file__).with_name(script)), *arguments]
    kept = {"PATH": os.environ["PATH"]}
    done = subprocess.run(command, check=False, env=kept, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_each_night_adds_what_is_new(
    client: Path, built: Path, real_worker: WorkerProcess, redis_server: RedisServer, tmp_path: Path
) -> None:
    """For two tenants; if a night has too few comments, the next one collects them again, and each counts once."""
    items = themed_envelope(20, 4)["items"]
    days = [[item for i, item in enumerate(items) if i % 20 in some] for some in (range(16), [16], [17, 18], [])]
    tenants = [f"nightly-{client.parent.parent.name}-{name}" for name in ("a", "b")]
    file = tmp_path / "days.json"
    file.write_text(json.dumps(dict.fromkeys(tenants, days)), encoding="utf-8")
    told = tell("nights.cjs", str(client), str(built / "example" / "nightly.js"), str(redis_server.port), str(file))
    too_few = "Received 4 items, an update needs at least 10 (min_documents)"
    nights = [
        {"status": "completed", "collected": 64},
        {"status": "skipped", "collected": 4, "why": too_few},
        {"status": "completed", "collected": 12},
        {"status": "skipped", "collected": 0, "why": "no new comments"},
    ]
    assert told == {
        "schedulers": 2,
        "told": dict.fromkeys(tenants, nights),
        "totals": dict.fromkeys(tenants, 76),
        "left": 0,
    }


def test_a_large_corpus_goes_through(client: Path, real_worker: WorkerProcess, redis_server: RedisServer) -> None:
    """Its parts are put together; each comment counts once, though steps run twice and a first run fails."""
    tenant = f"large-{client.parent.parent.name}"
    run = {
        "port": redis_server.port,
        "prefix": PREFIX,
        "queueName": QUEUE,
        "tenant": tenant,
        "themes": [words.split() for words in list(THEMES.values())[:4]],
        "comments": 330,
        "sample": 80,
        "chunk": 60,
        "sideBySide": 2,
        "twice": True,
        "breaks": 5,
        "updates": 12,
    }
    told = tell("large.cjs", str(client), json.dumps(run))
    result = told["result"]
    assert (result["status"], result["comments"], told["again"]) == ("completed", 330, "completed")
    assert [part["comments"] for part in result["parts"]] == [80, 60, 60, 60, 60, 10]
    assert sum(topic["docCount"] for topic in result["topics"]) + result["outlierCount"] == 330
    assert told["versions"] == [result["model"]["version"]] != [told["updated"]], "an update changes nothing in a run"
    assert told["kept"] == [4] * 5 + [2], "twice in each run, and the first run failed at the last part"
    assert told["assigned"] == told["topicOfEach"] == 330 - result["outlierCount"] > 310
    assert (len(result["topics"]), told["purity"]) == (4, 1)
    assert [part["drift"]["level"] for part in result["parts"][1:]] == ["LOW"] * 5
    assert redis_server.client().hget(f"{PREFIX}:{QUEUE}:meta", "opts.maxLenEvents") == "1000"
    assert redis_server.client().keys(f"{PREFIX}:{QUEUE}:{tenant}-part-*") == [], "no part's comments are left"


def test_a_large_run_whose_data_is_at_fault_says_so(
    built: Path, real_worker: WorkerProcess, redis_server: RedisServer
) -> None:
    """As every job: it completes as failed, with the part and what the worker says of it, and can be started again."""
    run = {
        "port": redis_server.port,
        "prefix": PREFIX,
        "queueName": QUEUE,
        "tenant": "large-few",
        "themes": [["late", "early", "absent", "clock", "minutes", "tardy"]],
        "comments": 3,
        "sample": 80,
        "chunk": 60,
        "sideBySide": 2,
        "twice": False,
    }
    told = tell("large.cjs", str(built / "src"), json.dumps(run))
    too_few = "Received 3 items, need at least 15 (min_topic_size) for topic modeling"
    assert told["result"] == {"status": "failed", "part": 0, "error": too_few}
    assert told["again"] == "waiting-children"

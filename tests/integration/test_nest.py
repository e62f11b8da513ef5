"""The client for the API: generated from today's schema, compiled, and run against a real worker."""

import filecmp
import json
import os
import subprocess
from pathlib import Path

from tests.acceptance.envelopes import themed_envelope
from tests.acceptance.processes import WorkerProcess
from tests.integration.conftest import INTEGRATION, readme_code
from tests.redis_server import RedisServer
from worker.jobs.registry import show_schema

GENERATED = ("contract.ts", "contract.zod.ts")


def test_what_is_committed_is_of_today(tmp_path: Path) -> None:
    """Schema, types and Zod schemas are what `make integration` would write."""
    assert (INTEGRATION / "schema.json").read_text(encoding="utf-8") == show_schema(), "run make integration"
    subprocess.run(["node", "scripts/generate.mjs", str(tmp_path)], cwd=INTEGRATION, check=True, timeout=60)
    committed = INTEGRATION / "src" / "generated"
    same, changed, missing = filecmp.cmpfiles(committed, tmp_path, GENERATED, shallow=False)
    assert (sorted(same), changed, missing) == (sorted(GENERATED), [], []), "run make integration"


def test_it_compiles_with_both_bullmq(built: Path) -> None:
    """5.71 is what it is built with; 6 is the other major version that it promises."""
    command = ["node", "node_modules/typescript/bin/tsc", "--project", "tsconfig.bullmq-6.json"]
    subprocess.run(command, cwd=INTEGRATION, check=True, timeout=120)
    assert (built / "src" / "index.js").exists()


def test_the_readme_shows_what_is_run() -> None:
    """Its blocks are examples: the next test drives the first one, and test_install.py the others."""
    for name, shown in readme_code().items():
        assert shown == (INTEGRATION / "example" / f"{name}.ts").read_text(encoding="utf-8")


def test_the_example_against_a_real_worker(
    built: Path, real_worker: WorkerProcess, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Results, failures of the data, the flow, the options; and the process ends by itself."""
    batch = tmp_path / "batch.json"
    batch.write_text(json.dumps({"items": themed_envelope(12, 4)["items"]}), encoding="utf-8")
    run = subprocess.run(
        ["node", str(built / "example" / "drive.js"), str(batch)],
        check=False,
        env={"PATH": os.environ["PATH"], "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis_server.port)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    too_few = "Received 3 items, need at least 15 (min_topic_size) for topic modeling"
    assert len(told["topics"]) == 4
    assert told["refused"] == too_few
    assert "timed out" in told["late"]
    assert told["sameJob"] == "one--topic-model"
    continuity = told["continuity"]
    assert (continuity["previous"], continuity["kept"], continuity["moved"]) == ("inline", [0, 1, 2, 3], 0)
    fitted, updated, skipped, predicted, rebuilt = told["lives"]
    assert skipped["reason"] == "Received 3 items, an update needs at least 10 (min_documents)"
    versions = [result["model"]["version"] for result in (fitted, updated, predicted, rebuilt)]
    assert (versions[1], updated["model"]["previousVersion"]) == (versions[2], versions[0])
    assert rebuilt["model"]["previousVersion"] == versions[1]
    assert len(updated["assignments"]) + updated["outlierCount"] == 12
    assert {"totalCount", "docCount"} < set(updated["topics"][0])
    assert told["options"]["attempts"] == 3
    assert told["options"]["backoff"] == {"type": "exponential", "delay": 5000}
    assert told["options"]["removeOnComplete"] == {"age": 86_400, "count": 30}
    assert told["options"]["removeOnFail"] == {"age": 604_800, "count": 30}
    assert told["request"] is True
    assert told["version"] == "1.0.0"
    assert redis_server.client().hget("faculytics:bull:topic-model:meta", "opts.maxLenEvents") == "1000"
    labelled, why = told["flows"]
    assert labelled == {"labels": told["topics"]}
    assert why == {"labels": [], "why": too_few}


def test_a_missed_event_is_waited_for_no_longer_than_the_next_look(built: Path, own_redis: RedisServer) -> None:
    """BullMQ's wait that ran out is begun anew, which looks at the job itself; a failure ends it."""
    script = """
      const { TopicModelService } = require(process.argv[1]);
      const service = new TopicModelService({ connection: { host: '127.0.0.1', port: Number(process.argv[2]) } });
      const result = { version: '1.0.0', status: 'failed', error: 'x', completedAt: '2026-01-01T00:00:00.000Z' };
      const late = new Error('Job wait a timed out before finishing, no notification');
      const outcomes = [late, result, new Error('broke')];
      const job = { waitUntilFinished: async () => {
        const next = outcomes.shift();
        if (next instanceof Error) throw next;
        return next;
      } };
      service.awaitResult(job).then(async ({ status }) => {
        const why = await service.awaitResult(job).catch((error) => error.message);
        console.log(`${status} ${why}`);
        await service.onModuleDestroy();
      });
    """
    command = ["node", "-e", script, str(built / "src" / "index.js"), str(own_redis.port)]
    done = subprocess.run(command, check=False, cwd=INTEGRATION, capture_output=True, text=True, timeout=60)
    assert done.stdout == "failed broke\n", done.stderr


def test_the_api_lives_through_an_outage_of_redis(built: Path, own_redis: RedisServer) -> None:
    """BullMQ 5.71's flow producer emits an error that would end the process; it is logged, and all comes back."""
    with subprocess.Popen(
        ["node", str(Path(__file__).with_name("outage.cjs")), str(built / "src"), str(own_redis.port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as api:
        assert api.stdin is not None
        assert api.stdout is not None
        assert api.stdout.readline() == "enqueued\n"
        own_redis.stop()
        logged = api.stdout.readline() + api.stdout.readline()
        assert "TopicModelService" in logged, logged
        own_redis.start()
        api.stdin.write("again\n")
        api.stdin.flush()
        assert [line for line in api.stdout if line == "enqueued\n"]
        assert api.wait(60) == 0

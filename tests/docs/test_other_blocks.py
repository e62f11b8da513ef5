"""Blocks that are not shell: TypeScript compiles and runs, JSON is valid, and results are results."""

import configparser
import gzip
import json
import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.acceptance.processes import PROJECT, WorkerProcess
from tests.docs.pages import PAGES, Block, blocks
from tests.integration.conftest import INSTALLED, node_modules
from tests.once import once_for_all_processes
from tests.redis_server import RedisServer
from worker.jobs.registry import show_schema
from worker.queue.permissions import acl_rules

__all__ = ["node_modules"]

ALL = [block for page in PAGES for block in blocks(page)]
# The client's own page is compiled as an API's code, and run, by tests/integration/test_install.py and test_nest.py.
TYPESCRIPT = [block for block in ALL if block.language == "ts" and block.page.parent.name != "integration"]
COMPILER_OPTIONS = {"target": "ES2022", "module": "Node16", "strict": True, "skipLibCheck": True, "outDir": "built"}


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give what compiles all blocks, once for all tests, in a project with one version of BullMQ and Node's types."""

    def compile_with(library: str) -> Path:
        return once_for_all_processes(f"pages-{library}", tmp_path_factory, partial(_compile, library))

    return compile_with


def _compile(library: str, folder: Path) -> None:
    (folder / "node_modules").mkdir()
    (folder / "node_modules" / "bullmq").symlink_to(INSTALLED / library)
    (folder / "node_modules" / "@types").symlink_to(INSTALLED / "@types")
    for block in TYPESCRIPT:
        (folder / f"{_name(block)}.ts").write_text(block.text, encoding="utf-8")
    settings = {"compilerOptions": COMPILER_OPTIONS, "files": [f"{_name(block)}.ts" for block in TYPESCRIPT]}
    (folder / "tsconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    compiler = ["node", str(INSTALLED / "typescript" / "bin" / "tsc")]
    done = subprocess.run(compiler, cwd=folder, check=False, capture_output=True, text=True, timeout=120)
    # A message names the file, and with it the page and the line of the block.
    assert done.returncode == 0, done.stdout


def _name(block: Block) -> str:
    return f"{block.page.stem}-{block.line}".lower()


@pytest.mark.slow
@pytest.mark.parametrize("library", ["bullmq", "bullmq-6"])
def test_typescript_compiles_with_both_bullmq(library: str, compiled: Callable[[str], Path]) -> None:
    """Strictly, with 5.71 and with 6."""
    assert TYPESCRIPT
    assert {path.stem for path in (compiled(library) / "built").glob("*.js")} == set(map(_name, TYPESCRIPT))


@pytest.fixture
def worker(own_redis: RedisServer) -> Iterator[WorkerProcess]:
    """Give a worker on the queue and the prefix of the pages."""
    process = WorkerProcess(REDIS_URL=own_redis.url)
    process.wait_for("worker_ready")
    yield process
    process.stop()


@pytest.fixture
def rejecting_worker(own_redis: RedisServer) -> Iterator[WorkerProcess]:
    """Give a worker for batches that the contract rejects, with an engine that starts at once."""
    process = WorkerProcess(REDIS_URL=own_redis.url, TOPIC_MODEL_TEST_ENGINE="tests.replay.engines:two_topics")
    process.wait_for("worker_ready")
    yield process
    process.stop()


def script_of(block: Block, project: Path, **replaced: str) -> Path:
    """Give the block's script in a project, with some texts replaced."""
    text = (project / "built" / f"{_name(block)}.js").read_text(encoding="utf-8")
    for said, instead in replaced.items():
        assert said in text, said
        text = text.replace(said, instead)
    script = project / "replaced" / f"{_name(block)}-{uuid.uuid4().hex}.js"
    script.parent.mkdir(exist_ok=True)
    script.write_text(text, encoding="utf-8")
    return script


def run_script(script: str, *arguments: str, cwd: Path) -> Any:
    """Run a script that prints one JSON document."""
    command = ["node", "-e", script, *arguments]
    kept = {"PATH": os.environ["PATH"]}
    done = subprocess.run(command, cwd=cwd, check=False, env=kept, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_the_readmes_producer_gets_its_topics(
    compiled: Callable[[str], Path], worker: WorkerProcess, own_redis: RedisServer, tmp_path: Path
) -> None:
    """Its code, as it stands, with the example batch; Redis is told to keep few jobs and few events."""
    (block,) = [block for block in TYPESCRIPT if block.page.name == "README.md"]
    project = compiled("bullmq-6")
    module = script_of(block, project, **{"6379": str(own_redis.port)})
    batch = tmp_path / "batch.json"
    batch.write_bytes(gzip.decompress((PROJECT / "examples" / "batch.json.gz").read_bytes()))
    script = """
      const { topicsOf } = require(process.argv[1]);
      const { items } = require(process.argv[2]);
      topicsOf('p1', items).then((topics) => { console.log(JSON.stringify(topics)); process.exit(); });
    """
    topics = run_script(script, str(module), str(batch), cwd=project)
    assert len(topics) == 11
    assert topics[0]["docCount"] == 27
    client = own_redis.client()
    opts = json.loads(client.hget("bull:topic-model:p1--topic-model", "opts"))
    assert set(opts["removeOnComplete"]) == set(opts["removeOnFail"]) == {"age", "count"}
    assert client.hget("bull:topic-model:meta", "opts.maxLenEvents") == "1000"


@pytest.mark.slow
def test_each_job_of_a_scheduler_has_its_data(
    compiled: Callable[[str], Path], rejecting_worker: WorkerProcess, own_redis: RedisServer
) -> None:
    """The second job of the page's scheduler has the batch, too."""
    (block,) = [block for block in TYPESCRIPT if "upsertJobScheduler" in block.text]
    # Every second instead of every night.
    project = compiled("bullmq-6")
    module = script_of(block, project, **{"0 3 * * *": "* * * * * *"})
    script = """
      const { Queue, QueueEvents } = require('bullmq');
      const { everyNight } = require(process.argv[1]);
      const connection = { host: '127.0.0.1', port: Number(process.argv[2]) };
      const queue = new Queue('topic-model', { connection });
      const events = new QueueEvents('topic-model', { connection });
      const items = [{ submissionId: 'a', text: 'klaro', embedding: [1] }];
      const errors = [];
      events.on('completed', ({ returnvalue }) => {
        if (errors.push(returnvalue.error) < 2) return;
        console.log(JSON.stringify(errors));
        process.exit();
      });
      events.waitUntilReady().then(() => everyNight(queue, { items }));
    """
    errors = run_script(script, str(module), str(own_redis.port), cwd=project)
    assert errors == ["Received 1 items, need at least 15 (min_topic_size) for topic modeling"] * 2


@pytest.mark.parametrize("block", [block for block in ALL if block.language == "json"], ids=str)
def test_json_is_valid_and_results_are_results(block: Block) -> None:
    """Each document can be parsed; one with a status is a result of some kind of job by the worker's own schema."""
    document = json.loads(block.text)
    if "status" in document:
        definitions = json.loads(show_schema())["$defs"]
        results = [{"$ref": f"#/$defs/{name}"} for name in definitions if re.fullmatch(r"TopicModel\w*Result", name)]
        jsonschema.validate(document, {"anyOf": results, "$defs": definitions})
    else:
        assert {"items", "params", "metadata"} <= set(document)


def test_the_least_permissions_are_those_that_the_worker_tries() -> None:
    """The page's line for Redis grants what the worker asks for at its start, no more and no less."""
    (block,) = [block for block in ALL if block.language == "redis"]
    assert block.text.strip() == f"ACL SETUSER topic-model-worker on >PASSWORD {acl_rules('bull')}"


def test_the_systemd_unit_leaves_time_to_hand_back(tmp_path: Path) -> None:
    """The unit kills later than the worker needs, and systemd, if it is here, accepts it."""
    (block,) = [block for block in ALL if block.language == "ini"]
    unit = configparser.RawConfigParser(strict=False, delimiters="=")
    unit.read_string(block.text)
    assert int(unit["Service"]["TimeoutStopSec"]) >= 25 + 10
    assert unit["Service"]["RestartPreventExitStatus"] == "2"
    if shutil.which("systemd-analyze"):
        file = tmp_path / "topic-model-worker.service"
        file.write_text(block.text.replace("/opt/topic-model-worker/.venv/bin/python", "/bin/true"), encoding="utf-8")
        done = subprocess.run(["systemd-analyze", "verify", str(file)], check=False, capture_output=True, text=True)
        assert "topic-model-worker.service" not in done.stderr, done.stderr

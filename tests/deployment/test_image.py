"""The image, without a Docker engine: its RUN lines are run here, or are lines of the Makefile."""

import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.deployment.dockerfile import Dockerfile, exec_form
from tests.deployment.files import BULL_BOARD, DOCKER, PROJECT, SETTINGS, check, pip_tool
from tests.small_model import small_model
from worker.topics.words.loading import choose_encoder

IMAGE = Dockerfile(DOCKER / "Dockerfile")
BOARD = Dockerfile(BULL_BOARD / "Dockerfile")
FLAVOURS = ["cuda", "cpu"]
# How long `docker stop` waits, and how long the worker takes at most after its grace period.
DOCKER_STOP_S, HAND_BACK_S = 10, 3.5
# Commands that move files about, and Debian's own; what is wrong with them a first build shows at once.
PLAIN = {"apt-get", "install", "mkdir", "rm", "touch"}


def _without_extra(command: str) -> str:
    """Take the extra of the package, and where the output goes, from a command."""
    return command.partition(" > ")[0].replace('".[${EXTRAS}]"', ".")


def run_line(beginning: str) -> str:
    """Give the one command of the Dockerfile's RUN lines that begins so, its variables set aside."""
    (found,) = [command for _, command in IMAGE.commands() if _without_variables(command).startswith(beginning)]
    return found


def in_shell(command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the Dockerfile from the project's root, `python` being this one."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=PROJECT,
        check=False,
        env=os.environ | {"PATH": path} | variables,
        capture_output=True,
        text=True,
        timeout=240,
    )


def _without_variables(command: str) -> str:
    return re.sub(r'^(?:[A-Z_]+=(?:"[^"]*"|\S*) )+', "", command)


def _makefile_commands() -> list[str]:
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    names = {"$(BIN)/": "", "$(VENV)": "/opt/venv", "$(PYTHON)": "python"}
    for name, value in names.items():
        makefile = makefile.replace(name, value)
    recipes = [line.strip().lstrip("@").removesuffix(" \\") for line in makefile.splitlines() if line.startswith("\t")]
    return [command.split(" && ")[-1] for command in recipes]


@pytest.fixture(scope="module")
def baked_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder that the Dockerfile's own command makes of the small model."""
    folder = tmp_path_factory.mktemp("image") / "model"
    command = run_line("python docker/bake_model.py").replace("/opt/model", str(folder))
    done = in_shell(command.replace("HF_HUB_OFFLINE=0", ""), LABSE_MODEL=str(small_model()), HF_HUB_OFFLINE="1")
    assert done.returncode == 0, done.stderr
    assert "384 dimensions" in done.stdout
    return folder


@pytest.mark.parametrize("file", [DOCKER / "Dockerfile", BULL_BOARD / "Dockerfile"], ids=["worker", "bull-board"])
def test_hadolint_has_no_complaint(file: Path) -> None:
    """Hadolint finds nothing in the Dockerfiles, not even a hint."""
    check(pip_tool("hadolint"), str(file))


def test_every_run_line_is_run_by_the_suite_or_by_make() -> None:
    """A RUN line is a line of the Makefile, one that a test here runs, or moves files about."""
    tested = (
        "python .ci/constraints.py ",
        "python docker/bake_model.py ",
        "python -m worker --warm-up",
        "npm install ",
    )
    makefile = _makefile_commands()
    for file in (IMAGE, BOARD):
        for stage, command in file.commands():
            known = (
                _without_variables(command).startswith(tested)
                or any(line.startswith(_without_extra(_without_variables(command))) for line in makefile)
                or shlex.split(command)[0] in PLAIN
            )
            assert known, f"stage {stage} runs what neither the suite nor make runs: {command}"


def test_pip_installs_by_the_makefile_line() -> None:
    """Both flavours install from poetry.lock, by the very line that `make run` uses, with the package for buckets."""
    assert _without_extra(_without_variables(run_line("python -m pip"))) in _makefile_commands()


def test_the_index_of_wheels_stays_out_of_the_image(tmp_path: Path) -> None:
    """Pip sees the secret's address as its extra index, nothing without the secret; no ENV, ARG or LABEL holds one."""
    secret = tmp_path / "torch_index_url"
    for address in ("https://user:secret@wheels.example.com/cpu", None):
        secret.unlink(missing_ok=True)
        if address is not None:
            secret.write_text(address, encoding="utf-8")
        command = run_line("python -m pip").replace("/run/secrets/torch_index_url", str(secret))
        variables = command.partition(" python -m pip")[0]
        done = in_shell(f"{variables} python -c \"import os; print(os.environ['PIP_EXTRA_INDEX_URL'])\"")
        assert (done.stdout, done.stderr) == (f"{address or ''}\n", "")
    for stage in IMAGE.stages.values():
        kept = [argument for name in ("ENV", "ARG", "LABEL") for argument in stage.all(name)]
        assert not [argument for argument in kept if "INDEX_URL" in argument]
    assert any(
        run.startswith("--mount=type=secret,id=torch_index_url ") for run in IMAGE.stages["dependencies"].all("RUN")
    )


def test_the_image_can_keep_models() -> None:
    """In a folder that its user may write to, and in a bucket."""
    folder = IMAGE.environment(IMAGE.last.name, FLAVOUR="cpu")["MODEL_STORE"]
    (user,) = IMAGE.last.all("USER")
    owner, group = user.split(":")
    assert f"install --directory --owner {owner} --group {group} {folder}" in IMAGE.last.all("RUN")
    assert '".[${EXTRAS}]"' in run_line("python -m pip")
    assert "EXTRAS=s3,otel" in IMAGE.stages["dependencies"].all("ARG")


def test_docker_stop_leaves_time_to_hand_back() -> None:
    """Docker kills ten seconds after the STOPSIGNAL; the image's grace period leaves what a hand-back may take."""
    environment = IMAGE.environment(IMAGE.last.name, FLAVOUR="cpu")
    assert IMAGE.last.all("STOPSIGNAL") == ["SIGTERM"]
    assert int(environment["SHUTDOWN_GRACE_MS"]) / 1000 + HAND_BACK_S < DOCKER_STOP_S


def test_the_image_names_its_licences() -> None:
    """The label names our licence and the model's, and both texts are inside."""
    (label,) = IMAGE.last.all("LABEL")
    assert 'licenses="MIT AND Apache-2.0"' in label
    assert "LICENSE NOTICE ./" in IMAGE.last.all("COPY")
    notice = (PROJECT / "NOTICE").read_text(encoding="utf-8")
    assert "LaBSE" in notice
    assert "Apache License, Version 2.0" in notice or "Apache License 2.0" in notice


def test_constraints_are_those_of_the_lock(tmp_path: Path) -> None:
    """The build's first step writes the lock's torch among the constraints."""
    done = in_shell(run_line("python .ci/constraints.py").replace("/opt/venv", str(tmp_path)))
    assert done.returncode == 0, done.stderr
    lock = (PROJECT / "poetry.lock").read_text(encoding="utf-8")
    version = re.search(r'name = "torch"\nversion = "(.+)"', lock)
    assert version is not None
    assert f"torch=={version[1]}" in (tmp_path / "constraints.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.slow
def test_the_worker_takes_the_baked_model(baked_model: Path) -> None:
    """The engine loads the build's folder by the name that KEYWORD_ENCODER gives it, and does not fall back."""
    choice = choose_encoder(str(baked_model), "sentence-transformers/LaBSE", "cpu")
    assert choice.message.startswith(f"keyword encoder: {baked_model} on cpu")
    assert not choice.is_fallback


@pytest.mark.slow
def test_everybody_may_read_the_baked_model(baked_model: Path) -> None:
    """It is baked by root, and loaded by a user who is not."""
    for path in (baked_model, *baked_model.rglob("*")):
        needed = 0o5 if path.is_dir() else 0o4
        assert path.stat().st_mode & needed == needed, path


@pytest.mark.slow
def test_the_build_proves_the_engine(baked_model: Path) -> None:
    """Its command runs a made-up batch with the baked model, and says what on."""
    done = in_shell(run_line("python -m worker --warm-up"), KEYWORD_ENCODER=str(baked_model), HF_HUB_OFFLINE="1")
    assert done.returncode == 0, done.stderr
    assert f"keyword encoder: {baked_model} on cpu" in done.stderr


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_the_image_never_falls_back(flavour: str) -> None:
    """Encoder and device are named, the hub is out of reach, and every variable is one that is known."""
    environment = IMAGE.environment(IMAGE.last.name, FLAVOUR=flavour)
    assert environment["KEYWORD_ENCODER"] == "/opt/model"
    assert environment["HF_HUB_OFFLINE"] == "1"
    assert environment["DEVICE"] == flavour
    foreign = ("HF_", "HOME", "LOGNAME", "NVIDIA_", "PATH", "PIP_", "PYTHON")
    assert not [name for name in environment if name not in SETTINGS and not name.startswith(foreign)]


def test_the_last_stage_is_unprivileged_and_hears_signals() -> None:
    """A numeric user who is not root, the exec form throughout, and an init that passes SIGTERM on."""
    assert IMAGE.stages["proven"].all("USER") == IMAGE.last.all("USER")
    for file in (IMAGE, BOARD):
        (user,) = file.last.all("USER")
        assert int(user.split(":")[0]) > 0
    (entrypoint,) = IMAGE.last.all("ENTRYPOINT")
    assert exec_form(entrypoint) == ["tini", "--", "python", "-m", "worker"]
    (health,) = IMAGE.last.all("HEALTHCHECK")
    assert exec_form(health.partition("CMD ")[2]) == ["python", "docker/healthcheck.py"]


def test_every_base_is_pinned_by_digest() -> None:
    """Each base image is named by its patch version, and by the digest that cannot move."""
    for file in (IMAGE, BOARD):
        for stage in file.stages.values():
            base = stage.base.replace("${FLAVOUR}", "cpu")
            assert base in file.stages or re.fullmatch(r"\w+:\d+\.\d+\.\d+-[\w-]+@sha256:[0-9a-f]{64}", base), (
                stage.base
            )


def test_what_is_copied_is_there_and_is_let_through() -> None:
    """Each COPY from the checkout names files that exist and that .dockerignore does not hold back."""
    allowed = [
        line.removeprefix("!").rstrip("/")
        for line in (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith("!")
    ]
    for file in (IMAGE, BOARD):
        for stage in file.stages.values():
            for copy in stage.all("COPY"):
                if copy.startswith("--from"):
                    continue
                for source in copy.split()[:-1]:
                    assert list(PROJECT.glob(source)), f"COPY {source}: no such file"
                    assert any(source == name or source.startswith(f"{name}/") for name in allowed), source


@pytest.fixture
def livez() -> Iterator[tuple[int, list[int]]]:
    """Give the port of a server whose answers to /livez a test sets."""
    answers = [200]

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answers[0] if self.path == "/livez" else 404)
            self.end_headers()
            self.wfile.write(b"compute process does not answer")

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, answers
        server.shutdown()


def test_healthcheck_tells_alive_from_dead(livez: tuple[int, list[int]]) -> None:
    """The container's health is the status of /livez, and the reason is printed."""
    port, answers = livez
    command = " ".join(exec_form(IMAGE.last.all("HEALTHCHECK")[0].partition("CMD ")[2]))
    assert in_shell(command, HEALTH_PORT=str(port)).returncode == 0
    answers[0] = 503
    ill = in_shell(command, HEALTH_PORT=str(port))
    assert ill.returncode == 1
    assert ill.stdout == f"/livez on port {port}: 503 compute process does not answer\n"


def test_healthcheck_fails_where_nobody_listens(livez: tuple[int, list[int]]) -> None:
    """A worker that has not opened its port yet is not healthy; one without a port is not asked."""
    command = " ".join(exec_form(IMAGE.last.all("HEALTHCHECK")[0].partition("CMD ")[2]))
    refused = in_shell(command, HEALTH_PORT="1")
    assert refused.returncode == 1
    assert "refused" in refused.stdout
    assert in_shell(command, HEALTH_PORT="0").returncode == 0

"""What the pages name exists: pages, headings, files, metrics, settings; and nothing that exists is left out."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.processes import PROJECT
from tests.deployment.files import SETTINGS
from tests.deployment.test_monitoring import EXPORTED, SERIES
from tests.docs.pages import FENCE, PAGES, read
from worker.queue.redis_url import OPTIONS

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
# Names in capitals that are no variables: constants of the worker's code.
CONSTANTS = {"DEFAULT_KIND", "IN_SCRIPTS", "KINDS", "LARGE_RUNS", "TOPIC_MODEL"}
# The levels of drift.
LEVELS = {"LOW", "MEDIUM", "HIGH"}
# Variables that the pages name and that other programs read.
FOREIGN = {
    *("TORCH_INDEX_URL", "EXTRAS"),
    *("GLIBC_TUNABLES", "THP_MEM_ALLOC_ENABLE"),
    *("OMP_NUM_THREADS", "PROTOCOL_EXAMPLES", "HF_HOME", "KEDA_CA", "ARGS", "DATA", "PYTHON"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION"),
    *("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_CONNECTION_STRING"),
    "GOOGLE_APPLICATION_CREDENTIALS",
    "PYTHON_DOTENV_DISABLED",
    "PYTHONDONTWRITEBYTECODE",
    *("HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE"),
    *("MLFLOW_EXPERIMENT_NAME", "MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES"),
    *("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"),
    *("OTEL_TRACES_SAMPLER", "OTEL_PROPAGATORS"),
}


def prose(page: Path) -> str:
    """Read a page without its blocks of code."""
    return FENCE.sub("", read(page))


def anchors(page: Path) -> set[str]:
    """List the anchors of a page's headings, as GitHub makes them."""
    titles = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(prose(page))]
    return set(titles)


def links() -> list[tuple[Path, str]]:
    """List the links of all pages that lead into the project."""
    return [(page, link) for page in PAGES for link in LINK.findall(prose(page)) if "://" not in link]


@pytest.mark.parametrize(("page", "link"), links(), ids=str)
def test_links_lead_somewhere(page: Path, link: str) -> None:
    """The file is there, and the heading in it."""
    target, _, anchor = link.partition("#")
    path = ((PROJECT / page).parent / target).resolve() if target else PROJECT / page
    assert path.exists(), f"{page}: {link}"
    if anchor:
        assert anchor in anchors(path.relative_to(PROJECT)), f"{page}: {link}"


def test_the_readme_leads_to_every_page() -> None:
    """No page is there that nobody finds."""
    led_to = {link.partition("#")[0] for page, link in links() if page == Path("README.md")}
    pages = {str(page) for page in PAGES if page.parent == Path("docs")} | {"CONTRIBUTING.md", "CHANGELOG.md"}
    assert pages <= led_to


def test_paths_in_the_text_exist() -> None:
    """Each `worker/…`, `tests/…` or `docker/…` that a page names is there."""
    for page in PAGES:
        for path in re.findall(r"`((?:worker|tests|docker|examples)/[\w/.-]+)`", prose(page)):
            assert (PROJECT / path).exists(), f"{page}: {path}"


def test_the_first_screen_is_one_screen() -> None:
    """The README stays a start: what is longer has a page."""
    assert len(read(Path("README.md")).splitlines()) <= 140


def test_metrics_on_the_page_are_those_exported() -> None:
    """The operator's page names each metric, and none that is not exported."""
    named = set(re.findall(r"topic_model_\w+", read(Path("docs/operations.md"))))
    named = {name if name in EXPORTED else SERIES.sub("", name) for name in named}
    assert named == set(EXPORTED)


def test_events_on_the_page_are_those_logged() -> None:
    """The operator's page names each event that a person should see, and none that the worker does not log."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted((PROJECT / "worker").rglob("*.py")))
    table = read(Path("docs/operations.md")).partition("| event | says |")[2].partition("\n\n")[0]
    rows = [row.split("|")[1] for row in table.splitlines()[2:]]
    named = {event for events in rows for event in re.findall(r"`([a-z_]+)`", events)}
    assert not [event for event in named if f'"{event}"' not in source]
    told = set(re.findall(r'\.(?:warning|error|critical)\(\s*"([a-z_]+)"', source))
    assert len(told) > 20
    assert not told - named


def test_settings_on_the_pages_exist() -> None:
    """Each variable that a page names is a setting, or another program's."""
    for page in PAGES:
        named = set(re.findall(r"`([A-Z][A-Z_]{2,}[A-Z])(?:=[^`]*)?`", prose(page)))
        unknown = named - SETTINGS - FOREIGN - CONSTANTS - LEVELS
        assert not unknown, page


def redis_rows() -> dict[str, str]:
    """Read the table of the operator's page that says how each kind of Redis is reached: question and answer."""
    table = read(Path("docs/operations.md")).partition("| question | answer |")[2].partition("\n\n")[0]
    return {row.split("|")[1].strip(): row.split("|", 2)[2] for row in table.splitlines()[2:]}


def test_an_operator_finds_how_each_redis_is_reached() -> None:
    """Versions, TLS, Sentinel and Cluster have a row; the cluster's has the braces that the start asks for."""
    asked = ("which servers", "TLS", "a private CA", "a client certificate", "Sentinel", "Redis Cluster")
    rows = redis_rows()
    assert not [question for question in asked if question not in rows]
    assert all(version in rows["which servers"] for version in ("6.2", "7", "8", "Valkey"))
    assert "BULLMQ_PREFIX={bull}" in rows["Redis Cluster"]


def test_the_encoded_password_on_the_page_is_right() -> None:
    """The page's example is what its own command prints."""
    row = redis_rows()["special characters in user or password"]
    plain, encoded = re.findall(r"`(\S+)` becomes `(\S+)`", row)[0]
    (command,) = re.findall(r'`python -c "(.+)"`', row)
    done = subprocess.run([sys.executable, "-c", command], input=plain, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == encoded


def test_options_of_redis_url_on_the_page_are_those_taken() -> None:
    """The paragraph below the table names each option that the worker takes, and none that it refuses."""
    page = read(Path("docs/operations.md")).partition("Behind the question mark")[2].partition("\n\n")[0]
    named = set(re.findall(r"`([a-z_]+)`", page))
    assert named == {option for options in OPTIONS.values() for option in options}
    for row in redis_rows().values():
        for option in re.findall(r"[?&](\w+)=", row):
            assert option in named


def test_every_example_removes_its_jobs() -> None:
    """Redis keeps what nobody removes: each example that adds a job says for how long it stays."""
    examples = {str(page): block for page in PAGES for block in FENCE.findall(read(page)) if block[0] == "ts"}
    sources = {place: block[1] for place, block in examples.items()}
    client = ("integration/src/topic-model-client.ts", "integration/src/envelope.ts")
    for paths in (("docker/bull-board/enqueue.mjs",), client):
        sources[paths[0]] = "".join((PROJECT / path).read_text(encoding="utf-8") for path in paths)
    adding = {place: text for place, text in sources.items() if re.search(r"\b(add|upsertJobScheduler)\(", text)}
    assert len(adding) >= 4
    for place, text in adding.items():
        assert "removeOnComplete" in text, place
        assert "removeOnFail" in text, place

"""The environment, read once: typed, frozen, secrets masked."""

import difflib
import os
import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, SecretStr, StringConstraints, ValidationError, field_validator

from worker.errors import ConfigurationError
from worker.labels.settings import LabelSettings
from worker.store.location import read_location
from worker.store.retention import Retention

# Engines for fault tests live in the project's tests, which the production image does not hold.
DEFAULT_ENGINE = "worker.topics.pipeline:fit_topics"
TEST_ENGINE = re.compile(r"tests(\.\w+)+:\w+")

ENCODING_HINT = "percent-encode @ : / ? # % in user and password, as %23 for #"
# A variable that begins so was meant for the worker.
OWN_PREFIXES = ("BULLMQ_", "COMPUTE_", "LABELS_", "MODEL_KEEP_", "MODEL_STORE", "SHED_", "TOPIC_MODEL_")
# Kubernetes sets these in every pod beside a Service of such a name, "topic-model" for one.
OF_A_SERVICE = re.compile(r"\w+_(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_\w+)?)")

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Milliseconds = Annotated[int, Field(ge=1)]


class Settings(LabelSettings):
    """What an operator can set; a field's alias is the name of its variable, which .env.example explains."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    redis_url: SecretStr = Field(SecretStr("redis://localhost:6379"), alias="REDIS_URL")
    bullmq_prefix: Name = Field("bull", alias="BULLMQ_PREFIX")
    queue_name: Name = Field("topic-model", alias="TOPIC_MODEL_QUEUE")
    lock_duration_ms: int = Field(120_000, alias="BULLMQ_LOCK_DURATION_MS", ge=1_000)
    stalled_interval_ms: int = Field(30_000, alias="BULLMQ_STALLED_INTERVAL_MS", ge=500)
    max_stalled_count: int = Field(2, alias="BULLMQ_MAX_STALLED_COUNT", ge=0)
    timeout_ms: Milliseconds = Field(300_000, alias="TOPIC_MODEL_TIMEOUT_MS")
    shed_job_data: Literal["never", "after_success"] = Field("never", alias="SHED_JOB_DATA")
    shutdown_grace_ms: int = Field(25_000, alias="SHUTDOWN_GRACE_MS", ge=0)
    device: str = Field("auto", alias="DEVICE")
    labse_model: Name = Field("sentence-transformers/LaBSE", alias="LABSE_MODEL")
    keyword_encoder: Name = Field("auto", alias="KEYWORD_ENCODER")
    keyword_precision: Literal["auto", "float32", "int8"] = Field("auto", alias="KEYWORD_PRECISION")
    compute_max_jobs: int = Field(500, alias="COMPUTE_MAX_JOBS", ge=0)
    model_store: Name = Field("models", alias="MODEL_STORE")
    model_keep_versions: int = Field(14, alias="MODEL_KEEP_VERSIONS", ge=0)
    model_keep_activations: int = Field(14, alias="MODEL_KEEP_ACTIVATIONS", ge=1)
    health_port: int = Field(0, alias="HEALTH_PORT", ge=0, le=65535)
    metrics_tenants: int = Field(0, alias="METRICS_TENANTS", ge=0, le=10_000)
    otlp_endpoint: str = Field("", alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    mlflow_tracking_uri: SecretStr = Field(SecretStr(""), alias="MLFLOW_TRACKING_URI")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", alias="LOG_LEVEL")
    log_format: Literal["auto", "console", "json"] = Field("auto", alias="LOG_FORMAT")
    engine: str = Field(DEFAULT_ENGINE, alias="TOPIC_MODEL_TEST_ENGINE")
    test_kind: str = Field("", alias="TOPIC_MODEL_TEST_KIND")

    @field_validator("redis_url")
    @classmethod
    def _is_redis_url(cls, url: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(url.get_secret_value())
            _ = parts.port
        except ValueError:
            raise ValueError(f"is not a URL; {ENCODING_HINT}") from None
        if parts.fragment:
            raise ValueError(f"has a # in it; {ENCODING_HINT}")
        is_socket = parts.scheme == "unix" and parts.path
        if not is_socket and (parts.scheme not in {"redis", "rediss"} or not parts.hostname):
            raise ValueError(
                "must look like redis://host:6379, rediss://user:password@host:6379/0 or unix:///path/to/socket"
            )
        if not is_socket and not re.fullmatch(r"(/\d*)?", parts.path):
            raise ValueError("what stands behind the / must be a number, that of the database")
        return url

    @field_validator("bullmq_prefix", "queue_name")
    @classmethod
    def _fits_a_connection_name(cls, name: str) -> str:
        # BullMQ names its connections after prefix and queue, and Redis refuses a name with other characters.
        if not re.fullmatch(r"[!-~]+", name):
            raise ValueError(
                "must hold neither spaces nor characters beyond ASCII: Redis refuses a connection so named"
            )
        return name

    @field_validator("queue_name")
    @classmethod
    def _is_queue_name(cls, name: str) -> str:
        if ":" in name:
            raise ValueError("must not hold a colon; what stands before the queue's name goes into BULLMQ_PREFIX")
        return name

    @field_validator("device")
    @classmethod
    def _is_device(cls, device: str) -> str:
        if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", device):
            raise ValueError("must be auto, cpu, cuda or cuda:N; a GPU is called cuda, the second one cuda:1")
        return device

    @field_validator("model_store")
    @classmethod
    def _is_place_for_models(cls, url: str) -> str:
        # No key stands in an accepted URL, so logs and errors may show it.
        read_location(url)
        return url

    @field_validator("otlp_endpoint")
    @classmethod
    def _is_collector(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError:
            raise ValueError("is not a URL") from None
        if url and (parts.scheme not in {"http", "https"} or not parts.hostname):
            raise ValueError("must look like http://collector:4318")
        if "@" in parts.netloc:
            # No password stands in an accepted URL, so logs and errors may show it.
            raise ValueError("has an @ in it; a user or a key goes into OTEL_EXPORTER_OTLP_HEADERS")
        return url

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_capitals(cls, level: object) -> object:
        return level.upper() if isinstance(level, str) else level

    @field_validator("engine")
    @classmethod
    def _is_engine(cls, engine: str) -> str:
        if engine != DEFAULT_ENGINE and not TEST_ENGINE.fullmatch(engine):
            raise ValueError("names an engine outside the project's tests")
        return engine

    @field_validator("test_kind")
    @classmethod
    def _is_test_kind(cls, test_kind: str) -> str:
        if test_kind and not TEST_ENGINE.fullmatch(test_kind):
            raise ValueError("names a kind of job outside the project's tests")
        return test_kind

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the environment; an empty variable counts as left out.

        Raises:
            ConfigurationError: a variable has a value the worker cannot start with.
        """
        aliases = [field.alias for field in cls.model_fields.values() if field.alias]
        given = {alias: environment[alias] for alias in aliases if environment.get(alias, "").strip()}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            raise ConfigurationError("; ".join(map(_line, error.errors(include_input=False)))) from None

    def effective(self) -> dict[str, str | int]:
        """List what is in force by variable, for the log at start; no address holds a password, and no key is told."""
        addresses = {"REDIS_URL": self.redis_address, "MLFLOW_TRACKING_URI": self.mlflow_address}
        values = self.model_dump(by_alias=True, exclude={"labels_api_key"}) | addresses
        return {name: value for name, value in values.items() if value not in {DEFAULT_ENGINE, ""}}

    @property
    def retention(self) -> Retention:
        """How many versions are kept of each tenant's model."""
        return Retention(self.model_keep_versions, self.model_keep_activations)

    @property
    def job_timeout_s(self) -> float:
        """How long a job may compute, in seconds; the wait for labels comes on top, so that it times no job out."""
        return self.timeout_ms / 1000 + self.labels_wait_s

    @property
    def sheds(self) -> bool:
        """Whether the embeddings of delivered jobs leave Redis."""
        return self.shed_job_data != "never"

    @property
    def redis_address(self) -> str:
        """The Redis URL without user and password."""
        parts = urlsplit(self.redis_url.get_secret_value())
        # What stands before the last @ is user and password; an IPv6 address keeps its brackets.
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def mlflow_address(self) -> str:
        """MLflow's tracking URI without user, password and options."""
        scheme, separator, rest = self.mlflow_tracking_uri.get_secret_value().partition("://")
        return f"{scheme}{separator}{rest.rpartition('@')[2].partition('?')[0]}"


def unknown_variables(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Find variables that look like the worker's and are not, such as misspelt ones.

    Returns:
        A hint for each, by name.
    """
    known = sorted(field.alias for field in Settings.model_fields.values() if field.alias)
    unknown = [
        name
        for name in sorted(environment)
        if name.startswith(OWN_PREFIXES) and name not in known and not OF_A_SERVICE.fullmatch(name)
    ]
    return {name: _meant(name, known) for name in unknown}


def _meant(name: str, known: list[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.7)
    return f"did you mean {nearest[0]}?" if nearest else "there is no such setting; .env.example lists them all"


def _line(error: Mapping[str, object]) -> str:
    location, limits = error["loc"], error.get("ctx")
    name = str(location[0]) if isinstance(location, tuple) and location else "settings"
    field = Settings.model_fields.get(name)  # of a default, pydantic names the field and not its alias
    variable = field.alias if field else name
    limits = limits if isinstance(limits, dict) else {}
    match error["type"]:
        case "int_parsing" | "int_from_float" | "int_type":
            message = "must be a whole number"
        case "greater_than_equal":
            message = f"must be at least {limits['ge']}"
        case "less_than_equal":
            message = f"must be at most {limits['le']}"
        case "literal_error":
            message = f"must be {limits['expected']}"
        case _:
            message = str(error["msg"]).removeprefix("Value error, ")
    return f"{variable}: {message[:1].lower()}{message[1:]}"

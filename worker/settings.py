"""The environment, read once: typed, frozen, secrets masked."""

import os
import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, ValidationError, field_validator

from worker.errors import ConfigurationError

# Engines for fault tests live in the project's tests, which the production image does not hold.
DEFAULT_ENGINE = "worker.topics.pipeline:fit_topics"
TEST_ENGINE = re.compile(r"tests(\.\w+)+:\w+")

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Milliseconds = Annotated[int, Field(ge=1)]


class Settings(BaseModel):
    """What an operator can set; the variable of each field is its alias, explained in .env.example."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    redis_url: SecretStr = Field(SecretStr("redis://localhost:6379"), alias="REDIS_URL")
    bullmq_prefix: Name = Field("bull", alias="BULLMQ_PREFIX")
    queue_name: Name = Field("topic-model", alias="TOPIC_MODEL_QUEUE")
    lock_duration_ms: int = Field(120_000, alias="BULLMQ_LOCK_DURATION_MS", ge=1_000)
    stalled_interval_ms: int = Field(30_000, alias="BULLMQ_STALLED_INTERVAL_MS", ge=500)
    max_stalled_count: int = Field(2, alias="BULLMQ_MAX_STALLED_COUNT", ge=0)
    timeout_ms: Milliseconds = Field(300_000, alias="TOPIC_MODEL_TIMEOUT_MS")
    shutdown_grace_ms: int = Field(25_000, alias="SHUTDOWN_GRACE_MS", ge=0)
    device: str = Field("auto", alias="DEVICE", pattern=r"^(auto|cpu|cuda(:\d+)?)$")
    labse_model: Name = Field("sentence-transformers/LaBSE", alias="LABSE_MODEL")
    keyword_encoder: Name = Field("auto", alias="KEYWORD_ENCODER")
    compute_max_jobs: int = Field(500, alias="COMPUTE_MAX_JOBS", ge=0)
    health_port: int = Field(0, alias="HEALTH_PORT", ge=0, le=65535)
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
            raise ValueError("is not a URL") from None
        if parts.scheme not in {"redis", "rediss"} or not parts.hostname:
            raise ValueError("must look like redis://host:6379 or rediss://user:password@host:6379/0")
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
        """List what is in force by variable, for the log at start; the Redis URL without its password."""
        values = self.model_dump(by_alias=True) | {"REDIS_URL": self.redis_address}
        return {name: value for name, value in values.items() if value not in {DEFAULT_ENGINE, ""}}

    @property
    def redis_address(self) -> str:
        """The Redis URL without user and password."""
        parts = urlsplit(self.redis_url.get_secret_value())
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"


def _line(error: Mapping[str, object]) -> str:
    location = error["loc"]
    variable = location[0] if isinstance(location, tuple) and location else "settings"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{variable}: {message[:1].lower()}{message[1:]}"

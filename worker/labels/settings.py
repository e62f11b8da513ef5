"""What an operator can set of labels; part of the worker's settings."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, Field, SecretStr, StringConstraints, ValidationInfo, field_validator

from worker.labels.service import LabelService, checked_api_key, checked_base_url, checked_language

# Milliseconds.
_LEAST_TIMEOUT: Final = 100
_MOST_TIMEOUT: Final = 300_000

_Line = Annotated[str, StringConstraints(strip_whitespace=True)]


class LabelSettings(BaseModel):
    """The settings of labels; a field's alias is the name of its variable."""

    labels_base_url: Annotated[_Line, AfterValidator(checked_base_url)] = Field("", alias="LABELS_BASE_URL")
    labels_model: _Line = Field("", alias="LABELS_MODEL", validate_default=True)
    labels_api_key: SecretStr = Field(SecretStr(""), alias="LABELS_API_KEY")
    labels_timeout_ms: int = Field(15_000, alias="LABELS_TIMEOUT_MS", ge=_LEAST_TIMEOUT, le=_MOST_TIMEOUT)
    labels_send_samples: Literal["true", "false"] = Field("false", alias="LABELS_SEND_SAMPLES")
    labels_language: Annotated[_Line, AfterValidator(checked_language)] = Field("English", alias="LABELS_LANGUAGE")

    @field_validator("labels_model")
    @classmethod
    def _goes_with_its_server(cls, model: str, info: ValidationInfo) -> str:
        base_url = info.data.get("labels_base_url")
        if model and base_url == "":
            raise ValueError("goes with LABELS_BASE_URL, which is not set")
        if not model and base_url:
            raise ValueError("must be set too, as LABELS_BASE_URL is: the name of a model that this server has")
        return model

    @field_validator("labels_api_key")
    @classmethod
    def _fits_a_header(cls, key: SecretStr) -> SecretStr:
        return SecretStr(checked_api_key(key.get_secret_value().strip()))

    @field_validator("labels_send_samples", mode="before")
    @classmethod
    def _in_small_letters(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @property
    def label_service(self) -> LabelService | None:
        """The language model that names topics; None if none is configured."""
        if not self.labels_base_url:
            return None
        return LabelService(
            base_url=self.labels_base_url,
            model=self.labels_model,
            api_key=self.labels_api_key.get_secret_value(),
            timeout_s=self.labels_timeout_ms / 1000,
            sends_samples=self.labels_send_samples == "true",
            language=self.labels_language,
        )

    @property
    def labels_wait_s(self) -> float:
        """How much longer a job may take because of its labels, in seconds."""
        return self.labels_timeout_ms / 1000 if self.labels_base_url else 0.0

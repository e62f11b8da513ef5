"""The values of the envelope's `type`: one for each kind of job."""

from enum import StrEnum

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError


class JobType(StrEnum):
    """The types, in the order in which messages list them."""

    FIT = "topic-model"
    UPDATE = "topic-model.update"
    PREDICT = "topic-model.predict"
    REBUILD = "topic-model.rebuild"
    TUNE = "topic-model.tune"


_KNOWN = f"{', '.join(list(JobType)[:-1])} or {list(JobType)[-1]}"


def only(own: JobType) -> AfterValidator:
    """Take an envelope of one type; it may be left out if that is the default's."""

    def check(given: str | None) -> str | None:
        if given == own or (given is None and own is JobType.FIT):
            return given
        raise PydanticCustomError("type", "must be {known}", {"known": _KNOWN})

    return AfterValidator(check)


def schema_of(own: JobType) -> WithJsonSchema:
    """Give the JSON Schema of an envelope's type."""
    return WithJsonSchema({"enum": [own.value, None]} if own is JobType.FIT else {"const": own.value})

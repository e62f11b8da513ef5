"""The rules of the envelope's `model`."""

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

from worker.store.names import TENANT_RULE, is_tenant, is_version

# The date in it must also be one, which no pattern says.
_VERSION: Final = r"^\d{8}_\d{6}(_[1-9]\d{0,5})?$"


def _tenant(name: str) -> str:
    if not is_tenant(name):
        message = "must be 1 to 63 of the characters a-z, 0-9, _ and -, the first of them a letter or a digit"
        raise PydanticCustomError("tenant", message)
    return name


def _version(name: str | None) -> str | None:
    if name is not None and not is_version(name):
        raise PydanticCustomError("model_version", "must be the name of a version, such as 20260321_103500")
    return name


class ModelReference(BaseModel):
    """The kept model of a tenant."""

    tenant: Annotated[
        str, Strict(), AfterValidator(_tenant), WithJsonSchema({"type": "string", "pattern": f"^{TENANT_RULE}$"})
    ]
    version: Annotated[
        Annotated[str, Strict()] | None,
        AfterValidator(_version),
        WithJsonSchema({"type": ["string", "null"], "pattern": _VERSION}),
    ] = None

"""Why a batch cannot be used with a kept model though its envelope is sound: a value, as it would fail again."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """What is wrong."""

    NO_MODEL = "no_model"
    NO_VERSION = "no_version"
    OTHER_DIMENSION = "other_dimension"
    OTHER_MODEL = "other_model"


@dataclass(frozen=True)
class ModelRefusal:
    """The reason, and the figures that its message needs."""

    reason: Reason
    tenant: str
    version: str = ""
    expected: int = 0
    got: int = 0
    embedding_model: str = ""

    @property
    def error(self) -> str:
        """The message of the failed document."""
        match self.reason:
            case Reason.NO_MODEL:
                return f'Tenant "{self.tenant}" has no model yet: send a topic-model job with this tenant, or an update'
            case Reason.NO_VERSION:
                return f'Tenant "{self.tenant}" has no version {self.version} of its model'
            case Reason.OTHER_DIMENSION:
                return (
                    f'The model of tenant "{self.tenant}" is made of {self.expected}-dim embeddings, got {self.got}: '
                    "a rebuild cannot mend that, start a model anew with a topic-model job"
                )
            case Reason.OTHER_MODEL:
                return (
                    f'The model of tenant "{self.tenant}" is made of embeddings of {self.embedding_model[:100]}, those '
                    "of this batch are of another model: a rebuild cannot mend that, start a model anew with a "
                    "topic-model job"
                )

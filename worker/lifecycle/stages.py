"""The stages of the kinds of job that use a kept model, beside those of a fit."""

from enum import StrEnum


class ModelStage(StrEnum):
    """The stages, in order."""

    LOAD = "load"
    ASSIGN = "assign"
    KEEP = "keep"

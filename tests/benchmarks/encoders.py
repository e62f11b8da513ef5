"""The language models that the benchmarks know by name."""

from tests.benchmarks.labse_shape import labse_shape
from tests.small_model import small_model

ENCODERS = ("bundled", "corpus", "labse-shape")


def model_folder(encoder: str) -> str:
    """Give the folder of a model; what takes words into account needs one, so "corpus" stands for the bundled one."""
    return str(labse_shape() if encoder == "labse-shape" else small_model())

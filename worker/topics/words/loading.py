"""Choose the device and load the keyword encoder: what lies here first, the model hub if it answers at once."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.error import URLError
from urllib.request import urlopen

from worker.topics.words.encoders import CORPUS, CorpusEncoder, KeywordEncoder, TransformerEncoder
from worker.topics.words.sentence_models import SentenceModel

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

AUTO = "auto"
# How exactly a model on the CPU computes the vectors of keywords: "auto" is "int8" if the CPU is quick at it.
Precision = Literal["auto", "float32", "int8"]
HUB_TIMEOUT_S = 3.0
_NOWHERE = "{} is not on this machine and the model hub cannot be reached{}"
_INSTEAD = ": download it beforehand, or set KEYWORD_ENCODER=corpus"


class EncoderUnavailable(Exception):
    """The model that was named cannot be loaded; the message says why and what to do."""


class DeviceUnavailable(Exception):
    """The device that was named is not there; the message says what to do."""


@dataclass(frozen=True)
class EncoderChoice:
    """The encoder in force.

    Attributes:
        encoder: to be kept for the life of the process.
        message: one line for the log: what was chosen, and why.
        is_fallback: whether `auto` had to do without its model.
    """

    encoder: KeywordEncoder
    message: str
    is_fallback: bool


def choose_encoder(keyword_encoder: str, labse_model: str, device: str, precision: Precision = "auto") -> EncoderChoice:
    """Load the keyword encoder: what lies on this machine first, then the hub if it answers at once.

    Args:
        keyword_encoder: "auto", "corpus", or a model's name or path.
        labse_model: name or path of the model that "auto" takes.
        device: "cpu" or "cuda:N".
        precision: of the vectors of keywords, for a model that torch runs alone on the CPU.

    Raises:
        EncoderUnavailable: a model was named and cannot be loaded.
    """
    if keyword_encoder == CORPUS:
        return EncoderChoice(CorpusEncoder(), "keyword encoder: corpus vectors, as configured", is_fallback=False)
    name = labse_model if keyword_encoder == AUTO else keyword_encoder
    try:
        model = load_model(name, device, _INSTEAD)
    except EncoderUnavailable as error:
        if keyword_encoder != AUTO:
            raise
        return EncoderChoice(CorpusEncoder(), f"keyword encoder: corpus vectors, because {error}", is_fallback=True)
    words = _in_int8(model, precision) if device == "cpu" else None
    in_int8 = "" if words is None else ", keywords in int8"
    encoder = TransformerEncoder(model, name, words)
    return EncoderChoice(encoder, f"keyword encoder: {name} on {device}{in_int8}", is_fallback=False)


def _in_int8(model: SentenceModel, precision: Precision) -> SentenceModel | None:
    """Give the model with layers in 8-bit integers; None if that is not asked for, or not known for this model."""
    if precision == "float32":
        return None
    from worker.topics.words.bert import Bert
    from worker.topics.words.quantized import has_int8, quantized

    return quantized(model) if isinstance(model, Bert) and (precision == "int8" or has_int8()) else None


def choose_device(device: str) -> str:
    """Resolve "auto", "cpu", "cuda" or "cuda:N" to "cpu" or "cuda:N".

    Raises:
        DeviceUnavailable: CUDA was asked for and that GPU is not there.
    """
    import torch

    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if device == "auto":
        return "cuda:0" if gpus else "cpu"
    if device == "cpu":
        return device
    number = int(device.partition(":")[2] or 0)
    if number >= gpus:
        raise DeviceUnavailable(
            f"DEVICE={device}, but torch {torch.__version__} sees {gpus} CUDA GPUs here: "
            "check the driver and the container's GPU request, or set DEVICE=auto"
        )
    return f"cuda:{number}"


def load_model(name: str, device: str, instead: str = "") -> SentenceModel:
    """Load a model: what lies on this machine first, then the hub if it answers at once.

    On the CPU a model of BERT's shape needs torch alone; sentence-transformers loads every other one.

    Args:
        name: of the model, or its folder.
        device: "cpu" or "cuda:N".
        instead: what to do if it is nowhere, for the message.

    Raises:
        EncoderUnavailable: it cannot be loaded.
    """
    if not _is_here(name) and not _hub_answers():
        # Before the import, which costs seconds and here would serve nothing.
        raise EncoderUnavailable(_NOWHERE.format(name, instead))
    if device == "cpu" and (folder := _folder_of(name)) is not None:
        from worker.topics.words.bert_folder import read_bert

        if (bert := read_bert(folder)) is not None:
            return bert
    return _load_by_library(name, device, instead)


def _load_by_library(name: str, device: str, instead: str) -> "SentenceTransformer":
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as transformers_logging

    # Their own progress lines and load reports are not for the worker's log.
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.getLogger("sentence_transformers").setLevel(logging.WARNING)
    options = {"dtype": "float16"} if device.startswith("cuda") else {}

    def load(local: bool) -> "SentenceTransformer":
        return SentenceTransformer(name, device=device, local_files_only=local, model_kwargs=options)

    try:
        return load(local=True)
    except Exception as error:  # any of a dozen types, by library version
        if Path(name).exists():
            raise EncoderUnavailable(
                f"{name} is not a model that sentence-transformers can load ({type(error).__name__})"
            ) from error
    if not _hub_answers():
        raise EncoderUnavailable(_NOWHERE.format(name, instead))
    try:
        return load(local=False)
    except Exception as error:
        raise EncoderUnavailable(
            f"{name} could not be downloaded from the model hub ({type(error).__name__})"
        ) from error


def _is_here(name: str) -> bool:
    """Tell whether loading can be tried without the hub: a path, or a model that the cache has heard of."""
    from huggingface_hub import constants

    folder = "models--" + name.replace("/", "--")
    # The short names that sentence-transformers completes itself are looked up there too.
    caches = {Path(constants.HF_HUB_CACHE), Path(os.environ.get("SENTENCE_TRANSFORMERS_HOME", constants.HF_HUB_CACHE))}
    found = (cache.glob(f"models--*--{name}" if "/" not in name else folder) for cache in sorted(caches))
    return Path(name).exists() or any(any(own) for own in found)


def _folder_of(name: str) -> Path | None:
    """Find a model's files where sentence-transformers would: at a path, or in the cache of the hub."""
    from huggingface_hub import constants

    if Path(name).exists():
        return Path(name)
    cache = Path(os.environ.get("SENTENCE_TRANSFORMERS_HOME", constants.HF_HUB_CACHE))
    full_name = name if "/" in name else f"sentence-transformers/{name}"
    model = cache / ("models--" + full_name.replace("/", "--"))
    try:
        commit = (model / "refs" / "main").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return model / "snapshots" / commit


def _hub_answers() -> bool:
    from huggingface_hub import constants

    if constants.is_offline_mode():
        return False
    try:
        # The hub is where the operator says it is.
        with urlopen(constants.ENDPOINT, timeout=HUB_TIMEOUT_S):  # noqa: S310
            return True
    except (URLError, OSError, ValueError):
        return False

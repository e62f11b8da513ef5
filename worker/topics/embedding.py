"""The task that embeds texts: the model of the keywords if it is the one, else the one that is named."""

from typing import TYPE_CHECKING

import numpy as np

from worker.topics.engine import Engine
from worker.topics.fit import FloatArray, OnStage
from worker.topics.stages import StageClock
from worker.topics.task import EmbedTexts, Unembedded
from worker.topics.words.encoders import TransformerEncoder, unit
from worker.topics.words.loading import EncoderUnavailable, load_model

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

STAGE = "embed"
# Texts encoded at once by the model, and texts between two reports of progress.
_ROWS = 32
_STEP = 64


def run(task: EmbedTexts, engine: Engine, on_stage: OnStage) -> FloatArray | Unembedded:
    """Embed texts, equal ones once, the longest first, so that those of one step are of about one length."""
    clock = StageClock(on_stage)
    clock.enter(STAGE)
    try:
        model = _model(task.model, engine)
    except EncoderUnavailable as error:
        clock.finish()
        return Unembedded(str(error))
    distinct = sorted(set(task.texts), key=lambda text: (-len(text), text))
    steps = [distinct[start : start + _STEP] for start in range(0, len(distinct), _STEP)]
    vectors = []
    for step in steps:
        vectors.append(unit(np.asarray(model.encode(step, batch_size=_ROWS, show_progress_bar=False), np.float32)))
        clock.advance(len(vectors) / len(steps))
    row = {text: number for number, text in enumerate(distinct)}
    embedded: FloatArray = np.concatenate(vectors)[[row[text] for text in task.texts]]
    clock.note(texts=len(task.texts), distinct=len(distinct), dimension=embedded.shape[1], device=engine.device)
    clock.finish()
    return embedded


def _model(name: str, engine: Engine) -> "SentenceTransformer":
    encoder = engine.encoder
    if isinstance(encoder, TransformerEncoder) and encoder.name == name:
        return encoder.model
    return load_model(name, engine.device)

"""The task that embeds texts: the model of the keywords if it is the one, else the one that is named."""

from worker.topics.engine import Engine
from worker.topics.fit import EMBED, FloatArray, OnStage
from worker.topics.stages import StageClock
from worker.topics.task import EmbedTexts, TooManyNumbers, Unembedded
from worker.topics.words.encoders import TransformerEncoder
from worker.topics.words.loading import EncoderUnavailable, load_model


def run(task: EmbedTexts, engine: Engine, on_stage: OnStage) -> FloatArray | Unembedded | TooManyNumbers:
    """Embed texts in batches; a stage of its own, which tells how far it is."""
    clock = StageClock(on_stage)
    clock.enter(EMBED)
    try:
        encoder = _encoder(task.model, engine)
    except EncoderUnavailable as error:
        clock.finish()
        return Unembedded(str(error))
    if encoder.dimension > task.most_numbers:
        clock.finish()
        return TooManyNumbers(encoder.dimension)
    embedded = encoder.encode_documents(task.texts, clock.advance)
    clock.note(texts=len(task.texts), dimension=encoder.dimension, device=engine.device)
    clock.finish()
    return embedded


def _encoder(name: str, engine: Engine) -> TransformerEncoder:
    encoder = engine.encoder
    if isinstance(encoder, TransformerEncoder) and encoder.name == name:
        return encoder
    return TransformerEncoder(load_model(name, engine.device), name)

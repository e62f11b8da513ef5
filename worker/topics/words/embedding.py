"""Embeddings for comments that came without one, by the worker's own model; they live as long as their job."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from worker.topics.fit import EMBED, FloatArray, IntArray, NoTopics, NoTopicsReason, OnStage
from worker.topics.stages import StageClock
from worker.topics.words.encoders import KeywordEncoder, TransformerEncoder

_ADVICE: Final = "send the embeddings, or run the worker with the model that makes them"
_NO_MODEL: Final = (
    "Cannot embed {n} of {n_all} texts (embed_missing): this worker has no language model, its keyword encoder is "
    "{name}; " + _ADVICE
)
_OTHER_DIMENSION: Final = (
    "Cannot embed {n} of {n_all} texts (embed_missing): the model of this worker, {name}, gives {got}-dim embeddings, "
    "not {expected}-dim; " + _ADVICE
)
_OTHER_SPACE: Final = (
    "the embeddings that were sent do not look like those of {name}, with which the missing ones are made: "
    "comments with and without an embedding may not get into one topic"
)

# Of a model's path, which may be long, the end is told.
_NAME_CHARS: Final = 200


def completed_embeddings(
    texts: Sequence[str], given: FloatArray, missing: IntArray, encoder: KeywordEncoder | None, on_stage: OnStage
) -> FloatArray | NoTopics:
    """Embed the texts that have no embedding, in batches; a stage of its own, which tells how far it is.

    Args:
        texts: (n,) the documents.
        given: (n - m, d) float32, L2-normalized, the embeddings of the others in their order.
        missing: (m,) int64, rising: the texts without one.
        encoder: the worker's; only a language model with vectors of d numbers can embed.
        on_stage: takes the events of the stage.

    Returns:
        (n, d) float32, L2-normalized; `given` itself if none is missing; or why there is no model for it.
    """
    if not len(missing):
        return given
    figures = {"n": len(missing), "n_all": len(texts), "expected": given.shape[1]}
    if not isinstance(encoder, TransformerEncoder):
        return _refused(_NO_MODEL.format(name=encoder.name if encoder else "none", **figures))
    name = encoder.name if len(encoder.name) <= _NAME_CHARS else "…" + encoder.name[-_NAME_CHARS:]
    if encoder.dimension != given.shape[1]:
        return _refused(_OTHER_DIMENSION.format(name=name, got=encoder.dimension, **figures))
    clock = StageClock(on_stage)
    clock.enter(EMBED)
    is_given = np.ones(len(texts), dtype=bool)
    is_given[missing] = False
    if len(given) and not encoder.made([texts[row] for row in np.flatnonzero(is_given).tolist()], given):
        clock.warn(_OTHER_SPACE.format(name=name))
    embeddings = np.empty((len(texts), given.shape[1]), dtype=np.float32)
    embeddings[is_given] = given
    embeddings[missing] = encoder.encode_documents([texts[row] for row in missing.tolist()], clock.advance)
    clock.note(embedded=len(missing), model=encoder.name)
    clock.finish()
    return embeddings


def _refused(why: str) -> NoTopics:
    return NoTopics(NoTopicsReason.NO_EMBEDDINGS, why_not_embedded=why)

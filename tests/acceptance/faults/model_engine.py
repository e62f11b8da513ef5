"""The engine of the fault tests; fits that a model is made of find the themes of the made-up comments."""

from collections.abc import Sequence
from typing import Any

from tests.acceptance.faults import engine
from tests.lifecycle import theme_engine
from worker.topics.fit import FloatArray, OnStage, TopicFit, TopicParams


def run(
    texts: Sequence[str],
    embeddings: FloatArray,
    params: TopicParams,
    *,
    encoder: None,
    device: str,
    on_stage: OnStage,
    **options: Any,
) -> TopicFit:
    """Do what the first text says; the engine's signature."""
    fit = engine.run(texts, embeddings, params, encoder=encoder, device=device, on_stage=on_stage)
    if not options:  # a plain job
        return fit
    return theme_engine.fit(texts, embeddings, params, encoder=encoder, device=device, on_stage=on_stage, **options)

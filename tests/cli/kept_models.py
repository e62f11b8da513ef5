"""Two models of one tenant: of a fit, and what it could have become."""

from dataclasses import replace

from tests.topics.themes import themed_corpus
from worker.models.building import Origin, build
from worker.models.model import Documents, KeptModel
from worker.topics.fit import FloatArray, TopicFit, TopicParams
from worker.topics.pipeline import fit_topics
from worker.topics.words.encoders import CorpusEncoder


def fitted() -> tuple[KeptModel, list[str], FloatArray]:
    """Fit four topics; give the model and the comments."""
    texts, embeddings, _ = themed_corpus(30, 4)
    fit = fit_topics(
        texts,
        embeddings,
        TopicParams(),
        encoder=CorpusEncoder(),
        device="cpu",
        on_stage=lambda _: None,
        keep=True,
    )
    assert isinstance(fit, TopicFit)
    ids = [f"id-{row}" for row in range(len(texts))]
    origin = Origin("2026-03-16T02:15:00.000Z", embedding_model="LaBSE")
    return build(fit, Documents(texts, ids, embeddings), origin), texts, embeddings


def grown(model: KeptModel) -> KeptModel:
    """Give a later model: topic 1 retired, 2 became part of 0, 3 has other words, and 7 is what 3 is."""
    first, second, _, last = model.topics
    topics = (
        replace(first, n=first.n + 40, label="Fair grading"),
        replace(second, retired=True),
        replace(last, keywords=(*last.keywords[:3], "sparkle")),
        replace(last, number=7, raw_label="7_new", part_sums=-last.part_sums),
    )
    return replace(model, topics=topics, highest=7, redirects={2: 0}, seen=model.seen + 500)

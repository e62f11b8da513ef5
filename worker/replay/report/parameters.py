"""The parameters that a fit used, and where each value came from."""

from dataclasses import dataclass
from typing import Final

from worker.replay.session import Session
from worker.topics import fit as engine

# The origin of a value of `--set` or `--sweep`.
COMMAND_LINE: Final = "command line"
_FIELDS: Final = {
    "min_topic_size": ("min_cluster_size", engine.DEFAULT_MIN_CLUSTER_SIZE, "the fewest documents of a topic"),
    "nr_topics": (
        "n_topics",
        engine.DEFAULT_N_TOPICS,
        "the most topics; if there are more, the most similar are joined",
    ),
    "umap_n_neighbors": (
        "n_neighbors",
        engine.DEFAULT_N_NEIGHBORS,
        "more neighbors give broader topics, fewer give finer ones",
    ),
    "umap_n_components": (
        "n_components",
        engine.DEFAULT_N_COMPONENTS,
        "dimensions of the space in which documents are clustered",
    ),
    "hdbscan_min_samples": (
        "min_samples",
        engine.DEFAULT_MIN_SAMPLES,
        "a lower value gives fewer outliers and less distinct topics",
    ),
}


@dataclass(frozen=True)
class Parameter:
    """One parameter: its value, where the value came from, and what the parameter does."""

    name: str
    value: str
    origin: str
    meaning: str


def parameters_in_force(session: Session) -> list[Parameter]:
    """List the parameters that a fit used, with the origin of each value."""
    rows = [_row(session, name) for name in _FIELDS if name in session.fit.parameters]
    params = session.batch.params
    placing = "an outlier joins a topic if three neighbors and three eighths of the votes agree"
    neutral = "what tells pronouns, forms of address and language is taken out before comments are grouped"
    rows += [
        _switch(session, "reduce_outliers", placing, "on" if params.reduce_outliers else "off", default="on"),
        _switch(session, "neutralize", neutral, "on" if params.neutralize else "off", default="off"),
    ]
    rows.append(
        Parameter("keyword encoder", session.fit.encoder, "setting", "the vectors that keywords are ranked with")
    )
    return rows


def _switch(session: Session, name: str, meaning: str, value: str, *, default: str) -> Parameter:
    origin = COMMAND_LINE if name in session.overrides else "default" if value == default else "sent"
    return Parameter(name, value, origin, meaning)


def _row(session: Session, name: str) -> Parameter:
    attribute, default, meaning = _FIELDS[name]
    value, sent = session.fit.parameters[name], getattr(session.batch.params, attribute)
    n = len(session.batch.texts)
    if sent is None:
        what = "min_topic_size" if name == "hdbscan_min_samples" else f"{n} documents"
        origin = "default" if value == default else f"default {default}, adapted to {what}"
    else:
        by = COMMAND_LINE if name in session.overrides else "sent with the job"
        origin = by if value == sent else f"{by} as {sent}, clamped: {n} documents allow no more"
    return Parameter(name, str(value), origin, meaning)

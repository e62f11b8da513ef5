"""What reruns of a fit without a few of its documents tell of its topics: plain values."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Stability:
    """How far the topics of a fit are found again if a few documents are left out.

    Attributes:
        n_reruns: how often some were left out, drawn at random.
        left_out: documents that were left out each time.
        overall: mean adjusted Rand index (Hubert and Arabie 1985), over the documents that are in a topic both times.
        topics: of each topic, the mean Jaccard coefficient with the most similar topic of the rerun, in [0, 1].
    """

    n_reruns: int
    left_out: int
    overall: float
    topics: tuple[float, ...]

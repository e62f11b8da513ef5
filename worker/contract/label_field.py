"""The label of a topic: a name for people, in a result only if names were asked for."""

from worker.contract.envelope import Batch


def label_of(batch: Batch, label: str, raw_label: str) -> dict[str, str]:
    """Give the field of a topic if the batch asks for it; a topic without a label has its raw label instead."""
    return {"label": label or raw_label} if batch.labels else {}

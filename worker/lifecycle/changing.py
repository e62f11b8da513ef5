"""What an update or a rebuild gave, as a model to keep and the result of its job."""

from datetime import datetime

from worker.contract.envelope import Batch
from worker.contract.model_result import Changes, Placed, updated
from worker.lifecycle.keeping import Made
from worker.models.updating import Updated


def made_of(batch: Batch, done: Updated, now: datetime) -> Made:
    """Give the model and the result; retired topics stand in it only if a comment of the batch is in them.

    Raises:
        EngineFailed: what was done contradicts itself or the batch: a bug.
    """
    in_batch = set(done.labels.tolist())
    topics = [topic for topic in done.model.topics if not topic.retired or topic.number in in_batch]
    placed = Placed(done.labels, done.probabilities, topics)
    changes = Changes(done.born, done.redirects, done.metrics, done.drift)
    return Made(done.model, updated(batch, placed, changes, now))

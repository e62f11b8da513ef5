"""What the client raises of its own; errors of Redis come as they are."""


class TopicModelError(Exception):
    """Something about one job.

    Attributes:
        job_id: of the job.
    """

    def __init__(self, job_id: str, message: str) -> None:
        """Take the job and one line that says what happened."""
        super().__init__(message)
        self.job_id = job_id


class InfrastructureFailure(TopicModelError):
    """The job's last attempt has failed; the message is the worker's reason."""


class WaitTimeout(TopicModelError):
    """The job has not ended in time. It goes on: `await_result` may be called again."""


class JobRemoved(TopicModelError):
    """The job is not there, or no longer: removed, cancelled while it waited, or kept for as long as was said."""


class Cancelled(TopicModelError):
    """The job was cancelled while it ran."""


class JobConflict(TopicModelError):
    """The pipeline's job holds another batch and cannot be replaced, because a worker has it."""


class FlowConflict(TopicModelError):
    """The pipeline's job holds another batch, is a flow's child, and has not ended."""


class RedisTimeout(TopicModelError):
    """Redis has not answered in time. The job is there or not: to enqueue the same batch again is safe."""


class UnexpectedResult(TopicModelError):
    """The job has returned what is no result of this worker; another program may take jobs of this queue."""

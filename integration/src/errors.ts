/** What the client throws of its own; errors of Redis and of BullMQ come as they are. */
export class TopicModelError extends Error {
  constructor(
    readonly jobId: string,
    message: string,
  ) {
    super(message);
    this.name = new.target.name;
  }
}

/** The job's last attempt has failed; the message is the worker's reason. */
export class InfrastructureFailure extends TopicModelError {}

/** The job has not ended in time. It goes on: `awaitResult` may be called again. */
export class WaitTimeout extends TopicModelError {}

/** The job is not there, or no longer: it was removed, cancelled while it waited, or kept for as long as was said. */
export class JobRemoved extends TopicModelError {}

/** The job was cancelled while it ran. */
export class Cancelled extends TopicModelError {}

/** The pipeline's job holds another batch and cannot be replaced, because a worker has it. */
export class JobConflict extends TopicModelError {}

/** The pipeline's job is another parent's child, and has not ended. */
export class FlowConflict extends TopicModelError {}

/** Redis has not answered in time. What was sent may still arrive when it is back: enqueue the same batch again. */
export class RedisTimeout extends TopicModelError {}

/** Waits no longer than `timeoutMs` for what Redis is to do. */
export async function bounded<T>(work: Promise<T>, timeoutMs: number, jobId: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `job ${jobId} is not enqueued: Redis has not answered within ${timeoutMs} ms`;
    timer = setTimeout(() => reject(new RedisTimeout(jobId, message)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

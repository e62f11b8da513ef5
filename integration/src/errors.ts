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

/** Redis has not answered in time. The job is there or not: to enqueue the same batch again is safe. */
export class RedisTimeout extends TopicModelError {}

/** Throws if nobody waits for the answer any more: a step that Redis held back must not be followed by the next one. */
export type CheckWanted = () => void;

/** Waits no longer than `timeoutMs` for what Redis is to do. */
export async function bounded<T>(work: (check: CheckWanted) => Promise<T>, timeoutMs: number, jobId: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  const late = new Promise<never>((_, reject) => {
    const message = `job ${jobId} may not be enqueued: Redis has not answered within ${timeoutMs} ms`;
    timer = setTimeout(() => {
      isLate = true;
      reject(new RedisTimeout(jobId, message));
    }, timeoutMs);
  });
  const check: CheckWanted = () => {
    if (isLate) throw new RedisTimeout(jobId, 'nobody waits any more');
  };
  try {
    return await Promise.race([work(check), late]);
  } finally {
    clearTimeout(timer);
  }
}

import type { Queue } from 'bullmq';

/** What became of a request to cancel: a running job is `requested` to stop, and `awaitResult` tells when it has. */
export type CancelAnswer = 'removed' | 'requested' | 'ended' | 'unknown';

const KEPT_MS = 24 * 60 * 60 * 1000;

interface Redis {
  hget(key: string, field: string): Promise<string | null>;
  set(key: string, value: string, ...expiry: unknown[]): Promise<unknown>;
  del(key: string): Promise<number>;
}

/** Removes a job that waits, or asks the worker that runs it to stop it. */
export async function cancelJob(queue: Queue, jobId: string): Promise<CancelAnswer> {
  const state = await queue.getJobState(jobId);
  if (state === 'completed' || state === 'failed') return 'ended';
  const { redis, expiry } = await redisOf(queue);
  // The id may be used again: the request names the job by the time of its birth, too.
  const birth = state === 'unknown' ? null : await redis.hget(queue.toKey(jobId), 'timestamp');
  if (birth === null) return 'unknown';
  // The request comes first: a worker may take the job between the two.
  const request = queue.toKey(`${jobId}:cancel`);
  await redis.set(request, birth, ...expiry);
  if (!(await queue.remove(jobId))) return 'requested';
  await redis.del(request);
  return 'removed';
}

/** Gives a queue's own connection, and the arguments that let a key expire: BullMQ 6 has both in another place. */
async function redisOf(queue: object): Promise<{ redis: Redis; expiry: unknown[] }> {
  if ('getBackend' in queue) {
    const { client } = (queue as { getBackend(): { client: Promise<Redis> } }).getBackend();
    return { redis: await client, expiry: [{ PX: KEPT_MS }] };
  }
  return { redis: await (queue as { client: Promise<Redis> }).client, expiry: ['PX', KEPT_MS] };
}

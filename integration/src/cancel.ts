import type { Queue } from 'bullmq';
import { redisOf } from './redis';

/** What became of a request to cancel: a running job is `requested` to stop, and `awaitResult` tells when it has. */
export type CancelAnswer = 'removed' | 'requested' | 'ended' | 'unknown';

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

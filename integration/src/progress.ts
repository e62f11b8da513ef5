import type { Queue } from 'bullmq';
import type { TopicModelProgress } from './generated/contract';
import { topicModelProgress } from './generated/contract.zod';
import { redisOf } from './redis';

/** Reads the progress of a job, and nothing else of it: a job can have 95 MB. */
export async function progressOf(queue: Queue, jobId: string): Promise<TopicModelProgress | undefined> {
  const { redis } = await redisOf(queue);
  const text = await redis.hget(queue.toKey(jobId), 'progress');
  // Before the first attempt it is a number, and before this version it had no time.
  const progress = text === null ? undefined : topicModelProgress.safeParse(JSON.parse(text)).data;
  return progress as TopicModelProgress | undefined;
}

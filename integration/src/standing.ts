import { createHash, randomUUID } from 'node:crypto';
import type { JobsOptions, Queue } from 'bullmq';
import { type CheckWanted, FlowConflict, JobConflict } from './errors';
import { redisOf } from './redis';

/** What this client adds to a job's options, which can be read without the batch. */
interface Mark {
  /** SHA-256 of all that decides about the result, and of the ids. */
  content: string;
  /** One call of `enqueue`. */
  call: string;
}
type Content = { type?: unknown; items: readonly unknown[]; params?: unknown; previous?: unknown; model?: unknown; metadata?: unknown };

const MARK = 'topicModelClient';

export function markOf({ type, items, params, previous, model, metadata }: Content): Mark {
  const hash = createHash('sha256').update(canonical({ type, params, previous, model, metadata }));
  // One by one: all together can be longer than a string may be.
  for (const item of items) hash.update('\n').update(canonical(item));
  return { content: hash.digest('base64url'), call: randomUUID() };
}

/** Adds the mark to a job's options; BullMQ keeps options that it does not know. */
export function marked<T extends JobsOptions>(options: T, mark: Mark): T {
  return { ...options, [MARK]: mark };
}

/**
 * Removes the job of this id unless it may be used for a batch.
 *
 * It may if it holds the same batch and has not failed, neither for good nor by the contract. Throws if it may not and
 * cannot be removed.
 */
export async function makeWay(queue: Queue, jobId: string, mark: Mark, check: CheckWanted): Promise<void> {
  const state = await queue.getJobState(jobId);
  check();
  if (state === 'unknown') return;
  const { redis } = await redisOf(queue);
  const isSame = isOf(mark, await redis.hget(queue.toKey(jobId), 'opts'));
  const hasFailed = state === 'failed' || (state === 'completed' && (await isRejected(queue, jobId)));
  if (isSame && !hasFailed) return;
  const isOver = state === 'failed' || state === 'completed';
  // BullMQ would let its parent go on without a result.
  if (!isOver && (await redis.hget(queue.toKey(jobId), 'parentKey'))) {
    throw new FlowConflict(jobId, `job ${jobId} holds another batch, is a flow's child, and ${state}`);
  }
  check();
  // 0 means that a worker has the job; a failed one may have been retried by hand.
  if (!(await queue.remove(jobId)) && !isSame) throw conflict(jobId, 'runs');
}

/** Tells whether the job that Redis holds was added by an earlier call; throws if it holds another batch. */
export async function isReused(queue: Queue, jobId: string, mark: Mark): Promise<boolean> {
  const { redis } = await redisOf(queue);
  const options = await redis.hget(queue.toKey(jobId), 'opts');
  // It has ended already, and is not kept.
  if (options === null) return false;
  if (!isOf(mark, options)) throw conflict(jobId, 'was enqueued at the same time');
  return read(options)?.call !== mark.call;
}

async function isRejected(queue: Queue, jobId: string): Promise<boolean> {
  const { redis } = await redisOf(queue);
  const value = await redis.hget(queue.toKey(jobId), 'returnvalue');
  return value !== null && (JSON.parse(value) as { status?: unknown } | null)?.status === 'failed';
}

function isOf(mark: Mark, options: string | null): boolean {
  return read(options)?.content === mark.content;
}

function read(options: string | null): Mark | undefined {
  return (JSON.parse(options ?? '{}') as { [MARK]?: Mark })[MARK];
}

function conflict(jobId: string, why: string): JobConflict {
  return new JobConflict(jobId, `job ${jobId} holds another batch and ${why}: wait for it, cancel it, or take another id`);
}

/** Writes JSON whose keys are sorted: the order in which an object was filled means nothing. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([one], [other]) => (one < other ? -1 : 1)))
      : part,
  );
}

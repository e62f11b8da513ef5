import type { ConnectionOptions } from 'bullmq';
import type { MockWish } from './mock/wishes';

export const KEPT_EVENTS = 1000;
/** Enough for three attempts of five minutes, the backoff between them, and other jobs before them. */
export const WAIT_MS = 30 * 60 * 1000;

export interface TopicModelOptions {
  connection: ConnectionOptions;
  /** The worker's BULLMQ_PREFIX. */
  prefix?: string;
  /** The worker's TOPIC_MODEL_QUEUE. */
  queueName?: string;
  /** For how many seconds Redis keeps a completed job; one day if left out. */
  keepCompletedS?: number;
  /** For how many seconds Redis keeps a failed job; one week if left out. */
  keepFailedS?: number;
  /** How many completed jobs Redis keeps at most, the newest ones; 30 if left out. */
  keepCompletedCount?: number;
  /** How many failed jobs Redis keeps at most, the newest ones; 30 if left out. */
  keepFailedCount?: number;
  /**
   * How many of the queue's events Redis keeps, about eleven for a job; 1000 if left out.
   *
   * The event of a completed job holds its whole result. BullMQ's own default keeps 10,000 events.
   */
  keepEvents?: number;
  /** For how many milliseconds `enqueue` waits for Redis at most; 30,000 if left out. */
  enqueueTimeoutMs?: number;
}

/** What ties a batch to the API's pipeline; both appear in the worker's log. */
export interface PipelineIds {
  pipelineId: string;
  runId?: string;
  /** What `topic-model-mock` and the client for unit tests do with the batch; a worker ignores it. */
  mock?: MockWish;
}

import type { ConnectionOptions } from 'bullmq';

export const TOPIC_MODEL_OPTIONS = Symbol('TOPIC_MODEL_OPTIONS');
export const TOPIC_MODEL = 'topic-model';

export interface TopicModelOptions {
  connection: ConnectionOptions;
  /** The worker's BULLMQ_PREFIX. */
  prefix?: string;
  /** The worker's TOPIC_MODEL_QUEUE. */
  queueName?: string;
  /** Seconds that a result stays in Redis after the job is over; one day where left out. */
  keepCompletedS?: number;
  /** Seconds that a failed job stays; one week where left out. */
  keepFailedS?: number;
  /** How many completed jobs stay at most, the newest; 30 where left out. */
  keepCompletedCount?: number;
  /** How many failed jobs stay at most, the newest; 30 where left out. */
  keepFailedCount?: number;
}

/** What ties a batch to the API's pipeline; both appear in the worker's log. */
export interface PipelineIds {
  pipelineId: string;
  runId?: string;
}

import type { JobsOptions } from 'bullmq';
import type { Batch, Kind, Kinds } from './kinds';
import type { PipelineIds, TopicModelOptions } from './options';
import { packed } from './packing';

const DAY_S = 24 * 60 * 60;
const KEPT_JOBS = 30;

export function jobIdOf({ pipelineId }: PipelineIds, kind: Kind): string {
  return `${pipelineId}--${kind}`;
}

/** What a job has in its `data`: the batch with its embeddings packed, and what the service adds. */
export function envelope<K extends Kind>(batch: Batch<K>, ids: PipelineIds, type: K): Kinds[K]['request'] {
  // In this order, and without what is `undefined`: Redis keeps the text.
  const { items, params, previous, model } = batch as Batch;
  return {
    jobId: jobIdOf(ids, type),
    version: '1.0',
    type,
    items: items.map(packed),
    ...(params ? { params } : {}),
    ...(previous ? { previous } : {}),
    ...(model ? { model } : {}),
    metadata: { ...ids },
    publishedAt: new Date().toISOString(),
  } as Kinds[K]['request'];
}

export function jobOptions(options: TopicModelOptions, jobId: string): JobsOptions {
  const { keepCompletedS = DAY_S, keepFailedS = 7 * DAY_S } = options;
  const { keepCompletedCount = KEPT_JOBS, keepFailedCount = KEPT_JOBS } = options;
  return {
    jobId,
    attempts: 3,
    backoff: { type: 'exponential', delay: 5000 },
    removeOnComplete: { age: keepCompletedS, count: keepCompletedCount },
    removeOnFail: { age: keepFailedS, count: keepFailedCount },
  };
}

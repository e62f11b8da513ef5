import type {
  TopicModelPredictRequest,
  TopicModelPredictResult,
  TopicModelRebuildRequest,
  TopicModelRebuildResult,
  TopicModelRequest,
  TopicModelResult,
  TopicModelTuneRequest,
  TopicModelTuneResult,
  TopicModelUpdateRequest,
  TopicModelUpdateResult,
} from './generated/contract';
import {
  topicModelPredictRequest,
  topicModelPredictResult,
  topicModelRebuildRequest,
  topicModelRebuildResult,
  topicModelRequest,
  topicModelResult,
  topicModelTuneRequest,
  topicModelTuneResult,
  topicModelUpdateRequest,
  topicModelUpdateResult,
} from './generated/contract.zod';
import type { BatchItem } from './packing';

/** The queue, the name of its jobs, and the kind of a batch without a `type`. */
export const TOPIC_MODEL = 'topic-model';

/** The kinds of job, by the envelope's `type`: what each takes and returns. */
export interface Kinds {
  'topic-model': { request: TopicModelRequest; result: TopicModelResult };
  'topic-model.update': { request: TopicModelUpdateRequest; result: TopicModelUpdateResult };
  'topic-model.predict': { request: TopicModelPredictRequest; result: TopicModelPredictResult };
  'topic-model.rebuild': { request: TopicModelRebuildRequest; result: TopicModelRebuildResult };
  'topic-model.tune': { request: TopicModelTuneRequest; result: TopicModelTuneResult };
}
export type Kind = keyof Kinds;

/** The items, the parameters, the tenant's model; the rest of the envelope is added by the service. */
export type Batch<K extends Kind = 'topic-model'> = Omit<
  Kinds[K]['request'],
  'jobId' | 'version' | 'type' | 'items' | 'metadata' | 'publishedAt'
> & { items: readonly BatchItem[] };

export const requestSchemas = {
  'topic-model': topicModelRequest,
  'topic-model.update': topicModelUpdateRequest,
  'topic-model.predict': topicModelPredictRequest,
  'topic-model.rebuild': topicModelRebuildRequest,
  'topic-model.tune': topicModelTuneRequest,
} satisfies Record<Kind, unknown>;

export const resultSchemas = {
  'topic-model': topicModelResult,
  'topic-model.update': topicModelUpdateResult,
  'topic-model.predict': topicModelPredictResult,
  'topic-model.rebuild': topicModelRebuildResult,
  'topic-model.tune': topicModelTuneResult,
} satisfies Record<Kind, unknown>;

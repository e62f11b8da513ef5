import { defineEntity, type InferEntity, p } from '@mikro-orm/core';
import type { Metrics } from 'topic-model-client/contract';

/** One run of the topic model over a scope of comments. */
export const TopicModelRun = defineEntity({
  name: 'TopicModelRun',
  tableName: 'topic_model_run',
  properties: {
    id: p.uuid().primary(),
    pipelineId: p.string().index(),
    status: p.enum(['pending', 'completed', 'failed']),
    submissionCount: p.integer(),
    topicCount: p.integer().default(0),
    outlierCount: p.integer().default(0),
    metrics: p.json<Metrics>().nullable(),
    workerVersion: p.string().nullable(),
    /** Why the run failed. */
    error: p.text().nullable(),
    completedAt: p.datetime().nullable(),
  },
});

export const Topic = defineEntity({
  name: 'Topic',
  tableName: 'topic',
  uniques: [{ properties: ['run', 'topicIndex'] }],
  properties: {
    id: p.uuid().primary(),
    run: p.manyToOne(TopicModelRun).deleteRule('cascade'),
    topicIndex: p.integer(),
    rawLabel: p.string(),
    keywords: p.array(),
    docCount: p.integer(),
  },
});

/** A comment in a topic; of a comment's topics one is dominant. */
export const TopicAssignment = defineEntity({
  name: 'TopicAssignment',
  tableName: 'topic_assignment',
  uniques: [{ properties: ['submissionId', 'topic'] }],
  properties: {
    id: p.integer().primary().autoincrement(),
    topic: p.manyToOne(Topic).deleteRule('cascade').index(),
    submissionId: p.string(),
    probability: p.float(),
    isDominant: p.boolean(),
  },
});

export type TopicModelRunRow = InferEntity<typeof TopicModelRun>;
export const ENTITIES = [TopicModelRun, Topic, TopicAssignment];

// `topic-model-client/client`: the client, which needs BullMQ.
export type { CancelAnswer } from './cancel';
export {
  Cancelled,
  FlowConflict,
  InfrastructureFailure,
  JobConflict,
  JobRemoved,
  RedisTimeout,
  TopicModelError,
  WaitTimeout,
} from './errors';
export { LARGE_RUNS, type LargeCorpus, type LargeRun, LargeRuns } from './large';
export type { LargeCompleted, LargeFailed, LargePart, LargeResult, PartSummary } from './large-result';
export type { PipelineIds, TopicModelOptions } from './options';
export { type Enqueued, TopicModelClient, type TopicModelJob, type TopicModels } from './topic-model-client';

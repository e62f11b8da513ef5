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
export * from './generated/contract';
export {
  topicModelPredictResult,
  topicModelProgress,
  topicModelRebuildResult,
  topicModelRequest,
  topicModelResult,
  topicModelTuneResult,
  topicModelUpdateResult,
} from './generated/contract.zod';
export { type Batch, type Kind, type Kinds } from './kinds';
export { LARGE_RUNS, type LargeCorpus, type LargeRun, LargeRuns } from './large';
export type { LargeCompleted, LargeFailed, LargePart, LargeResult, PartSummary } from './large-result';
export { type PipelineIds, TOPIC_MODEL, type TopicModelOptions } from './options';
export { type BatchItem } from './packing';
export { childResult, parseResult } from './result';
export { type TopicModelAsyncOptions, TopicModelModule } from './topic-model.module';
export { type Enqueued, type TopicModelJob, TopicModelService } from './topic-model.service';

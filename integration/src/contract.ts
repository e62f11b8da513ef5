// `topic-model-client/contract`: types and Zod schemas. It needs Zod and nothing else.
export * from './generated/contract';
export {
  topicModelPredictRequest,
  topicModelPredictResult,
  topicModelProgress,
  topicModelRebuildRequest,
  topicModelRebuildResult,
  topicModelRequest,
  topicModelResult,
  topicModelTuneRequest,
  topicModelTuneResult,
  topicModelUpdateRequest,
  topicModelUpdateResult,
} from './generated/contract.zod';
export { type Batch, type Kind, type Kinds, TOPIC_MODEL } from './kinds';
export type { MockOutcome, MockWish } from './mock/wishes';
export { type BatchItem } from './packing';
export { childResult, type ParentJob, parseResult } from './result';

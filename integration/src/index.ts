export type { CancelAnswer } from './cancel';
export * from './generated/contract';
export { topicModelRequest, topicModelResult } from './generated/contract.zod';
export { type PipelineIds, TOPIC_MODEL, type TopicModelOptions } from './options';
export { type BatchItem } from './packing';
export { childResult, parseResult } from './result';
export { type TopicModelAsyncOptions, TopicModelModule } from './topic-model.module';
export { type Batch, type TopicModelJob, TopicModelService } from './topic-model.service';

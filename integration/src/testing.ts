// `topic-model-client/testing`: the client for unit tests. It needs neither Redis nor BullMQ.
export { type InMemoryOptions, InMemoryTopicModelClient } from './in-memory';

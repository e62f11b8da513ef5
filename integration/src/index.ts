// `topic-model-client`: all of it but the client for unit tests. It needs NestJS.
export * from './client';
export * from './contract';
export * from './nest';

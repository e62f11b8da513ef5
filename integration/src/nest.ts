// `topic-model-client/nest`: the module for NestJS.
export { type TopicModelAsyncOptions, TopicModelModule } from './topic-model.module';
export { TopicModelService } from './topic-model.service';

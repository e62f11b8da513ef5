import { type DynamicModule, type FactoryProvider, Module, type ModuleMetadata } from '@nestjs/common';
import type { TopicModelOptions } from './options';
import { TOPIC_MODEL_OPTIONS, TopicModelService } from './topic-model.service';

export interface TopicModelAsyncOptions {
  imports?: NonNullable<ModuleMetadata['imports']>;
  inject?: NonNullable<FactoryProvider['inject']>;
  useFactory: (...injected: never[]) => TopicModelOptions | Promise<TopicModelOptions>;
}

/** Gives `TopicModelService` to the modules that import it. */
@Module({})
export class TopicModelModule {
  static register(options: TopicModelOptions): DynamicModule {
    return this.registerAsync({ useFactory: () => options });
  }

  static registerAsync({ imports = [], inject = [], useFactory }: TopicModelAsyncOptions): DynamicModule {
    return {
      module: TopicModelModule,
      imports,
      providers: [{ provide: TOPIC_MODEL_OPTIONS, inject, useFactory }, TopicModelService],
      exports: [TopicModelService],
    };
  }
}

import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { TopicModelOptions } from './options';
import { TopicModelClient } from './topic-model-client';

export const TOPIC_MODEL_OPTIONS = Symbol('TOPIC_MODEL_OPTIONS');

/** The client as a provider: it logs by Nest's logger, and Nest closes it. */
@Injectable()
export class TopicModelService extends TopicModelClient implements OnModuleDestroy {
  constructor(@Inject(TOPIC_MODEL_OPTIONS) options: TopicModelOptions) {
    const logger = new Logger(TopicModelService.name);
    super(options, ({ message }) => logger.error(`Redis: ${message}`));
  }

  async onModuleDestroy(): Promise<void> {
    await this.close();
  }
}

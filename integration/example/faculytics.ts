import { BullModule, Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable, Module } from '@nestjs/common';
import type { Job } from 'bullmq';
import { type Batch, childResult, TopicModelModule, TopicModelService } from 'topic-model-client';

const connection = { host: process.env.REDIS_HOST ?? 'localhost', port: Number(process.env.REDIS_PORT ?? 6379) };
const prefix = 'faculytics:bull';

/** The step after the topics: a flow's parent, which starts when its topic-model child is over. */
@Processor('topic-labelling', { prefix })
export class TopicLabelling extends WorkerHost {
  async process(job: Job): Promise<{ labels: string[]; why?: string }> {
    const result = await childResult(job);
    if (result.status === 'failed') return { labels: [], why: result.error };
    return { labels: result.topics.map((topic) => topic.rawLabel) };
  }
}

@Injectable()
export class Pipelines {
  constructor(private readonly topicModel: TopicModelService) {}

  /** Topics at once: for a script, or a request that may wait. */
  async topicsOf(pipelineId: string, batch: Batch): Promise<string[]> {
    const result = await this.topicModel.run(batch, { pipelineId, runId: 'run-1' });
    if (result.status === 'failed') throw new Error(result.error); // the data is at fault; no retry helps
    return result.topics.map((topic) => topic.rawLabel);
  }

  /** Topics, then labels, with nobody waiting. */
  async start(pipelineId: string, batch: Batch): Promise<string> {
    const parent = { name: 'label', queueName: 'topic-labelling', data: { pipelineId } };
    const { job } = await this.topicModel.enqueueUnder(parent, batch, { pipelineId });
    return String(job.id);
  }
}

@Module({
  imports: [
    BullModule.forRoot({ connection, prefix }),
    BullModule.registerQueue({ name: 'topic-labelling', prefix }),
    TopicModelModule.register({ connection, prefix }),
  ],
  providers: [Pipelines, TopicLabelling],
  exports: [Pipelines],
})
export class FaculyticsModule {}

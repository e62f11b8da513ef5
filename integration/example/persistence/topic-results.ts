import { InjectQueue, OnQueueEvent, Processor, QueueEventsHost, QueueEventsListener, WorkerHost } from '@nestjs/bullmq';
import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { Job, Queue } from 'bullmq';
import { childResult } from 'topic-model-client';
import { type RunIds, TOPIC_RESULTS, TopicRuns } from './topic-runs';

type RunJob = Job<RunIds>;

/** The flow's parent: it starts when the topics are there, and writes them. */
@Processor(TOPIC_RESULTS)
export class TopicResults extends WorkerHost {
  constructor(private readonly runs: TopicRuns) {
    super();
  }

  async process(job: RunJob): Promise<void> {
    await this.runs.save(job.data.runId, await childResult(job));
  }
}

/** Notes the runs that failed for good: the worker's attempts, or those to write the result, are used up. */
@QueueEventsListener(TOPIC_RESULTS)
export class FailedRuns extends QueueEventsHost implements OnApplicationBootstrap {
  private readonly logger = new Logger(FailedRuns.name);

  constructor(
    private readonly runs: TopicRuns,
    @InjectQueue(TOPIC_RESULTS) private readonly queue: Queue,
  ) {
    super();
  }

  /** Looks at those that failed while the API was down. */
  async onApplicationBootstrap(): Promise<void> {
    for (const job of (await this.queue.getFailed()) as RunJob[]) await this.note(job, job.failedReason);
  }

  @OnQueueEvent('failed')
  async onFailed({ jobId, failedReason }: { jobId: string; failedReason: string }): Promise<void> {
    try {
      await this.note((await this.queue.getJob(jobId)) as RunJob | undefined, failedReason);
    } catch (error) {
      this.logger.error(`run of job ${jobId}: ${(error as Error).message}`);
    }
  }

  private async note(job: RunJob | undefined, reason: string): Promise<void> {
    if (job) await this.runs.noteFailure(job.data, reason);
  }
}

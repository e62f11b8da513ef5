import type { Job, Queue, RepeatOptions } from 'bullmq';
import type { BatchItem, TopicModels } from 'topic-model-client';

/** What the API gives: a tenant's comments, each with a note of the night that collected it. */
export interface NewComments {
  /** Notes that the comments without a night are this one's, and gives this night's; asked again, it gives the same. */
  collect(tenant: string, night: string): Promise<readonly BatchItem[]>;
  /** Takes the note off this night's comments, so that the next night collects them again. */
  giveBack(tenant: string, night: string): Promise<void>;
}

const EVERY_NIGHT = { pattern: '0 3 * * *', tz: 'Asia/Manila' };

export interface Night {
  status: 'completed' | 'skipped' | 'failed';
  collected: number;
  why?: string;
}

/** Adds each day's comments to the tenants' models, one job scheduler for each tenant. */
export class Nightly {
  constructor(
    private readonly topicModel: TopicModels,
    private readonly comments: NewComments,
  ) {}

  /** Called at each start of the API: the scheduler is made or changed, never doubled. */
  async schedule(queue: Queue, tenant: string, when: Omit<RepeatOptions, 'key'> = EVERY_NIGHT): Promise<void> {
    await queue.upsertJobScheduler(`nightly-${tenant}`, when, {
      name: 'nightly',
      data: { tenant },
      opts: {
        attempts: 3,
        backoff: { type: 'exponential', delay: 60_000 },
        removeOnComplete: { count: 7 },
        removeOnFail: { count: 30 },
      },
    });
  }

  /** What the queue's worker does; in NestJS, the `process` of a `WorkerHost`. */
  async process(job: Pick<Job<{ tenant: string }>, 'id' | 'data'>): Promise<Night> {
    const { tenant } = job.data;
    // The scheduler's job id holds the time at which the job was due. Another attempt finds the update by it.
    const night = String(job.id).replaceAll(':', '-');
    const items = await this.comments.collect(tenant, night);
    const collected = items.length;
    if (collected === 0) return { status: 'skipped', collected, why: 'no new comments' };
    const result = await this.topicModel.update({ items, model: { tenant } }, { pipelineId: night });
    if (result.status === 'completed') return { status: result.status, collected };
    // Nothing was added. If `update` throws, nobody knows whether it was: the comments stay this night's.
    await this.comments.giveBack(tenant, night);
    return { status: result.status, collected, why: result.status === 'skipped' ? result.reason : result.error };
  }
}

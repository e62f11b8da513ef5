import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import {
  FlowProducer,
  type FlowJob,
  type Job,
  type JobNode,
  type JobsOptions,
  type JobState,
  Queue,
  QueueEvents,
} from 'bullmq';
import type { TopicModelRequest, TopicModelResult } from './generated/contract';
import { type PipelineIds, TOPIC_MODEL, TOPIC_MODEL_OPTIONS, type TopicModelOptions } from './options';
import { parseResult } from './result';

export type TopicModelJob = Job<TopicModelRequest, unknown>;
/** The items and parameters; the rest of the envelope is added here. */
export type Batch = Pick<TopicModelRequest, 'items' | 'params'>;

const DAY_S = 24 * 60 * 60;
const KEPT_JOBS = 30;
/** Three attempts of five minutes, their backoff, and a queue before them. */
const WAIT_MS = 30 * 60 * 1000;
/** How often a job that is waited for is looked at: an event that comes before its stream is read is missed. */
const LOOK_MS = 15 * 1000;

/** Enqueues batches for the topic-model worker and waits for their results. */
@Injectable()
export class TopicModelService implements OnModuleDestroy {
  private readonly logger = new Logger(TopicModelService.name);
  private readonly queueName: string;
  private readonly queue: Queue;
  private readonly events: QueueEvents;
  private readonly flows: FlowProducer;

  constructor(@Inject(TOPIC_MODEL_OPTIONS) private readonly options: TopicModelOptions) {
    const { connection, prefix = 'bull', queueName = TOPIC_MODEL } = options;
    this.queueName = queueName;
    this.queue = new Queue(queueName, { connection, prefix });
    this.events = new QueueEvents(queueName, { connection, prefix });
    this.flows = new FlowProducer({ connection, prefix });
    // An `error` that nobody listens to ends the process; the connections come back by themselves.
    const log = (error: Error): void => this.logger.error(`Redis: ${error.message}`);
    this.queue.on('error', log);
    this.events.on('error', log);
    this.flows.on('error', log);
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([this.queue.close(), this.events.close(), this.flows.close()]);
  }

  /**
   * Enqueues a batch.
   *
   * The same pipeline's job is run anew where it has failed for good; one that is there otherwise is given back.
   */
  async enqueue(batch: Batch, ids: PipelineIds): Promise<TopicModelJob> {
    await this.removeOver(ids, ['failed']);
    return (await this.queue.add(TOPIC_MODEL, envelope(batch, ids), this.jobOptions(ids))) as TopicModelJob;
  }

  /**
   * Waits until a job is over, and gives its result, checked against the contract.
   *
   * Throws after the last infrastructure failure, with the worker's reason, and where the wait is over.
   * A batch whose data is at fault comes back with `status: 'failed'`.
   */
  async awaitResult(job: TopicModelJob, timeoutMs: number = WAIT_MS): Promise<TopicModelResult> {
    await this.events.waitUntilReady();
    const end = Date.now() + timeoutMs;
    for (;;) {
      const left = Math.max(1, end - Date.now());
      try {
        // BullMQ looks at the job itself only as a wait begins.
        return parseResult(await job.waitUntilFinished(this.events, Math.min(left, LOOK_MS)));
      } catch (error) {
        if (left <= LOOK_MS || !isTimeout(error)) throw error;
      }
    }
  }

  /** Enqueues a batch, as `enqueue` does, and waits for its result. */
  async run(batch: Batch, ids: PipelineIds, timeoutMs: number = WAIT_MS): Promise<TopicModelResult> {
    return this.awaitResult(await this.enqueue(batch, ids), timeoutMs);
  }

  /**
   * Enqueues a batch as the child of another job, which starts when the topics are there.
   *
   * The parent reads them by `childResult`; it fails when the child's last attempt has failed.
   * The same pipeline's job is run anew where it has failed for good, or is over and was another parent's child;
   * one that is there otherwise becomes the child. Throws where it is under way for another parent.
   */
  async enqueueUnder(parent: Omit<FlowJob, 'children'>, batch: Batch, ids: PipelineIds): Promise<JobNode> {
    await this.removeOver(ids, ['failed']);
    const opts = { ...this.jobOptions(ids), failParentOnFailure: true };
    const child: FlowJob = { name: TOPIC_MODEL, queueName: this.queueName, data: envelope(batch, ids), opts };
    const node = await this.flows.add({ ...parent, children: [child] });
    if (await waitsForNothing(node.job)) await this.replaceChild(node.job, child, ids);
    return node;
  }

  /**
   * Puts a new child in the place of one that is over and was another parent's.
   *
   * BullMQ gives a job to one parent only, and leaves a second one waiting for ever without a word.
   */
  private async replaceChild(parent: Job, child: FlowJob, ids: PipelineIds): Promise<void> {
    const state = await this.removeOver(ids, ['failed', 'completed']);
    if (state !== 'unknown') {
      await parent.remove();
      throw new Error(`job ${jobIdOf(ids)} is another parent's child, and ${state}`);
    }
    const opts = { ...child.opts, parent: { id: String(parent.id), queue: parent.queueQualifiedName } };
    await this.queue.add(child.name, child.data, opts);
  }

  /**
   * Removes the pipeline's job where it is in one of these states, and tells the state after that.
   *
   * BullMQ ignores the add of a job that is there, a failed one too. The job itself is not loaded: it can have 95 MB.
   */
  private async removeOver(ids: PipelineIds, states: ('failed' | 'completed')[]): Promise<JobState | 'unknown'> {
    const id = jobIdOf(ids);
    const state = await this.queue.getJobState(id);
    if (!states.some((over) => over === state)) return state;
    // It tells by 0 that a worker has the job: somebody retried it by hand, and it is under way.
    return (await this.queue.remove(id)) ? 'unknown' : 'active';
  }

  private jobOptions(ids: PipelineIds): JobsOptions {
    const { keepCompletedS = DAY_S, keepFailedS = 7 * DAY_S } = this.options;
    const { keepCompletedCount = KEPT_JOBS, keepFailedCount = KEPT_JOBS } = this.options;
    return {
      jobId: jobIdOf(ids),
      attempts: 3,
      backoff: { type: 'exponential', delay: 5000 },
      removeOnComplete: { age: keepCompletedS, count: keepCompletedCount },
      removeOnFail: { age: keepFailedS, count: keepFailedCount },
    };
  }
}

function jobIdOf({ pipelineId }: PipelineIds): string {
  return `${pipelineId}--topic-model`;
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message.includes('timed out before finishing');
}

/** Tells whether a flow's parent got no child: asked in this order, one whose child was quick is not mistaken. */
async function waitsForNothing(parent: Job): Promise<boolean> {
  const { unprocessed } = await parent.getDependenciesCount();
  return !unprocessed && (await parent.isWaitingChildren());
}

function envelope(batch: Batch, ids: PipelineIds): TopicModelRequest {
  const { items, params } = batch;
  return {
    jobId: jobIdOf(ids),
    version: '1.0',
    type: 'topic-model',
    items,
    ...(params ? { params } : {}),
    metadata: { ...ids },
    publishedAt: new Date().toISOString(),
  };
}

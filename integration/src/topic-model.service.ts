import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import {
  FlowProducer,
  type FlowJob,
  type Job,
  type JobNode,
  type JobState,
  Queue,
  QueueEvents,
} from 'bullmq';
import { type CancelAnswer, cancelJob } from './cancel';
import { envelope, jobIdOf, jobOptions } from './envelope';
import type { TopicModelProgress } from './generated/contract';
import type { Batch, Kind, Kinds } from './kinds';
import { KEPT_EVENTS, type PipelineIds, TOPIC_MODEL, TOPIC_MODEL_OPTIONS, type TopicModelOptions } from './options';
import { progressOf } from './progress';
import { parseResult } from './result';

export type TopicModelJob<K extends Kind = 'topic-model'> = Job<Kinds[K]['request'], unknown>;

/** Enough for three attempts of five minutes, the backoff between them, and other jobs before them. */
const WAIT_MS = 30 * 60 * 1000;
/** How often a waited-for job itself is read: an event that comes before the stream is read is missed. */
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
    const { connection, prefix = 'bull', queueName = TOPIC_MODEL, keepEvents = KEPT_EVENTS } = options;
    this.queueName = queueName;
    this.queue = new Queue(queueName, { connection, prefix, streams: { events: { maxLen: keepEvents } } });
    this.events = new QueueEvents(queueName, { connection, prefix });
    this.flows = new FlowProducer({ connection, prefix });
    // An `error` event without a listener ends the process. The connections come back by themselves.
    const log = (error: Error): void => this.logger.error(`Redis: ${error.message}`);
    this.queue.on('error', log);
    this.events.on('error', log);
    this.flows.on('error', log);
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([this.queue.close(), this.events.close(), this.flows.close()]);
  }

  /**
   * Enqueues a batch; `kind` is `topic-model` if left out, and the others need a tenant's model.
   *
   * If Redis already holds the pipeline's job: a job that failed for good is run again, any other is returned.
   */
  async enqueue<K extends Kind = 'topic-model'>(
    batch: Batch<K>,
    ids: PipelineIds,
    kind?: K,
  ): Promise<TopicModelJob<K>> {
    const type = (kind ?? TOPIC_MODEL) as K;
    await this.removeOver(jobIdOf(ids, type), ['failed']);
    const options = jobOptions(this.options, jobIdOf(ids, type));
    return (await this.queue.add(TOPIC_MODEL, envelope(batch, ids, type), options)) as TopicModelJob<K>;
  }

  /**
   * Waits until a job has ended, and returns its result, checked by the contract.
   *
   * Throws after the last infrastructure failure, with the worker's reason, and when `timeoutMs` has passed.
   * A batch whose data is at fault gives a result with `status: 'failed'`.
   */
  async awaitResult<K extends Kind = 'topic-model'>(
    job: TopicModelJob<K>,
    timeoutMs: number = WAIT_MS,
  ): Promise<Kinds[K]['result']> {
    await this.events.waitUntilReady();
    const end = Date.now() + timeoutMs;
    for (;;) {
      const left = Math.max(1, end - Date.now());
      try {
        // BullMQ reads the job itself only when a wait begins.
        const value = await job.waitUntilFinished(this.events, Math.min(left, LOOK_MS));
        return parseResult(value, (job.data?.type ?? TOPIC_MODEL) as K);
      } catch (error) {
        if (left <= LOOK_MS || !isTimeout(error)) throw error;
      }
    }
  }

  /** Enqueues a batch, as `enqueue` does, and waits for its result. */
  async run(batch: Batch, ids: PipelineIds, timeoutMs?: number): Promise<Kinds['topic-model']['result']> {
    return this.awaitResult(await this.enqueue(batch, ids), timeoutMs);
  }

  /** Adds the comments that are new since last time to the tenant's model, and waits for the result. */
  async update(
    batch: Batch<'topic-model.update'>,
    ids: PipelineIds,
    timeoutMs?: number,
  ): Promise<Kinds['topic-model.update']['result']> {
    return this.awaitResult(await this.enqueue(batch, ids, 'topic-model.update'), timeoutMs);
  }

  /** Assigns comments to the topics of the tenant's model, and waits for the result. */
  async predict(
    batch: Batch<'topic-model.predict'>,
    ids: PipelineIds,
    timeoutMs?: number,
  ): Promise<Kinds['topic-model.predict']['result']> {
    return this.awaitResult(await this.enqueue(batch, ids, 'topic-model.predict'), timeoutMs);
  }

  /** Finds topics anew in recent comments, those that match keep their numbers, and waits for the result. */
  async rebuild(
    batch: Batch<'topic-model.rebuild'>,
    ids: PipelineIds,
    timeoutMs?: number,
  ): Promise<Kinds['topic-model.rebuild']['result']> {
    return this.awaitResult(await this.enqueue(batch, ids, 'topic-model.rebuild'), timeoutMs);
  }

  /**
   * Cancels a job by its id: one that waits is removed, one that runs is stopped within a second.
   *
   * A stopped job completes with `status: 'failed'` and `error: 'Cancelled'`; it is not tried again. Redis keeps the
   * request for a day, so that a worker that is cut off from Redis sees it when it is back.
   */
  async cancel(jobId: string): Promise<CancelAnswer> {
    return cancelJob(this.queue, jobId);
  }

  /**
   * Tells how far a job is: which stage, what percent, and how many seconds were left when that stage began.
   *
   * Gives `undefined` if the job has not begun, or is gone. Reads one field of the job, so it may be asked every second.
   */
  async progress(jobId: string): Promise<TopicModelProgress | undefined> {
    return progressOf(this.queue, jobId);
  }

  /**
   * Enqueues a batch as the child of another job, which starts when the topics are there.
   *
   * The parent reads them by `childResult`; it fails when the child's last attempt has failed.
   * If Redis already holds the pipeline's job: a job that failed for good, or that has ended as another parent's child,
   * is run again; any other becomes the child. Throws if it is unfinished and another parent's child.
   */
  async enqueueUnder<K extends Kind = 'topic-model'>(
    parent: Omit<FlowJob, 'children'>,
    batch: Batch<K>,
    ids: PipelineIds,
    kind?: K,
  ): Promise<JobNode> {
    const type = (kind ?? TOPIC_MODEL) as K;
    const id = jobIdOf(ids, type);
    await this.removeOver(id, ['failed']);
    const opts = { ...jobOptions(this.options, id), failParentOnFailure: true };
    const child: FlowJob = { name: TOPIC_MODEL, queueName: this.queueName, data: envelope(batch, ids, type), opts };
    const node = await this.flows.add({ ...parent, children: [child] });
    if (await waitsForNothing(node.job)) await this.replaceChild(node.job, child, id);
    return node;
  }

  /**
   * Replaces a child that has ended and was another parent's.
   *
   * BullMQ gives a job to one parent only, and lets a second parent wait for ever without an error.
   */
  private async replaceChild(parent: Job, child: FlowJob, id: string): Promise<void> {
    const state = await this.removeOver(id, ['failed', 'completed']);
    if (state !== 'unknown') {
      await parent.remove();
      throw new Error(`job ${id} is another parent's child, and ${state}`);
    }
    const opts = { ...child.opts, parent: { id: String(parent.id), queue: parent.queueQualifiedName } };
    await this.queue.add(child.name, child.data, opts);
  }

  /**
   * Removes a job if it is in one of these states, and returns the state after that.
   *
   * BullMQ ignores the add of a job that Redis holds, also of a failed one. The job is not loaded: it can have 95 MB.
   */
  private async removeOver(id: string, states: ('failed' | 'completed')[]): Promise<JobState | 'unknown'> {
    const state = await this.queue.getJobState(id);
    if (!states.some((over) => over === state)) return state;
    // 0 means that a worker has the job: somebody retried it by hand, and it is running.
    return (await this.queue.remove(id)) ? 'unknown' : 'active';
  }
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message.includes('timed out before finishing');
}

/** Tells whether a flow's parent got no child. In this order a child that ended quickly does not count as missing. */
async function waitsForNothing(parent: Job): Promise<boolean> {
  const { unprocessed } = await parent.getDependenciesCount();
  return !unprocessed && (await parent.isWaitingChildren());
}

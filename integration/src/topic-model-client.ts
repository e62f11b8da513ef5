import {
  FlowProducer,
  type FlowJob,
  Job,
  type JobNode,
  type JobState,
  Queue,
  QueueEvents,
} from 'bullmq';
import { type CancelAnswer, cancelJob } from './cancel';
import { envelope, jobIdOf, jobOptions } from './envelope';
import {
  bounded,
  Cancelled,
  type CheckWanted,
  FlowConflict,
  InfrastructureFailure,
  JobRemoved,
  WaitTimeout,
} from './errors';
import type { TopicModelProgress } from './generated/contract';
import { type Batch, type Kind, type Kinds, TOPIC_MODEL } from './kinds';
import { KEPT_EVENTS, type PipelineIds, type TopicModelOptions, WAIT_MS } from './options';
import { progressOf } from './progress';
import { parseResult } from './result';
import { isReused, makeWay, marked, markOf } from './standing';

export type TopicModelJob<K extends Kind = 'topic-model'> = Job<Kinds[K]['request'], unknown>;

/** What `enqueue` gives: the job, and whether an earlier call had added it. */
export interface Enqueued<K extends Kind = 'topic-model'> {
  job: TopicModelJob<K>;
  reused: boolean;
}

/** How often a waited-for job itself is read: an event that comes before the stream is read is missed. */
const LOOK_MS = 15 * 1000;
/** Enough for a batch of 95 MB over a slow network. */
const ENQUEUE_MS = 30 * 1000;

/** What a client does: `TopicModelClient` over Redis, and `InMemoryTopicModelClient` in unit tests. */
export type TopicModels = Pick<TopicModelClient, keyof TopicModelClient>;

/** Enqueues batches for the topic-model worker and waits for their results. */
export class TopicModelClient {
  private readonly queueName: string;
  private readonly queue: Queue;
  private readonly events: QueueEvents;
  private readonly flows: FlowProducer;

  /**
   * Connects to Redis.
   *
   * @param log is called with each error of a connection, which comes back by itself; `console.error` if left out.
   */
  constructor(
    private readonly options: TopicModelOptions,
    log: (error: Error) => void = ({ message }) => console.error(`topic-model client: Redis: ${message}`),
  ) {
    const { connection, prefix = 'bull', queueName = TOPIC_MODEL, keepEvents = KEPT_EVENTS } = options;
    this.queueName = queueName;
    this.queue = new Queue(queueName, { connection, prefix, streams: { events: { maxLen: keepEvents } } });
    this.events = new QueueEvents(queueName, { connection, prefix });
    this.flows = new FlowProducer({ connection, prefix });
    // An `error` event without a listener ends the process.
    this.queue.on('error', log);
    this.events.on('error', log);
    this.flows.on('error', log);
  }

  /** Closes the connections. */
  async close(): Promise<void> {
    await Promise.all([this.queue.close(), this.events.close(), this.flows.close()]);
  }

  /**
   * Enqueues a batch; `kind` is `topic-model` if left out, and the others need a tenant's model.
   *
   * If Redis already holds the pipeline's job with the same items, parameters and ids, that job is used and `reused` is
   * true, unless it has failed, for good or by the contract. A job with another batch is replaced; if a worker has it,
   * this throws a `JobConflict`. Throws a `RedisTimeout` if Redis does not answer.
   */
  async enqueue<K extends Kind = 'topic-model'>(batch: Batch<K>, ids: PipelineIds, kind?: K): Promise<Enqueued<K>> {
    const type = (kind ?? TOPIC_MODEL) as K;
    const id = jobIdOf(ids, type);
    return this.inTime(id, (check) => this.add(envelope(batch, ids, type), id, check));
  }

  private async add<K extends Kind>(request: Kinds[K]['request'], id: string, check: CheckWanted): Promise<Enqueued<K>> {
    const mark = markOf(request);
    await makeWay(this.queue, id, mark, check);
    // BullMQ ignores the add of a job that Redis holds.
    const job = (await this.queue.add(TOPIC_MODEL, request, marked(jobOptions(this.options, id), mark))) as TopicModelJob<K>;
    return { job, reused: await isReused(this.queue, id, mark) };
  }

  private async inTime<T>(jobId: string, work: (check: CheckWanted) => Promise<T>): Promise<T> {
    return bounded(work, this.options.enqueueTimeoutMs ?? ENQUEUE_MS, jobId);
  }

  /** Finds a pipeline's job without its batch, such as after a restart; `undefined` if Redis holds none. */
  async find(pipelineId: string, kind: Kind = TOPIC_MODEL): Promise<{ jobId: string; state: JobState } | undefined> {
    const jobId = jobIdOf({ pipelineId }, kind);
    const state = await this.queue.getJobState(jobId);
    return state === 'unknown' ? undefined : { jobId, state };
  }

  /**
   * Tells whether a worker takes this queue's jobs now.
   *
   * Redis must permit the API's user `CLIENT LIST`. A worker that starts, or that is cut off from Redis, does not count.
   */
  async isAnyWorkerListening(): Promise<boolean> {
    return (await this.queue.getWorkersCount()) > 0;
  }

  /**
   * Waits until a job has ended, and returns its result, checked by the contract.
   *
   * Throws an `InfrastructureFailure` with the worker's reason after the last attempt, a `WaitTimeout` when `timeoutMs`
   * has passed, `Cancelled`, and a `JobRemoved` if there is no such job.
   * A batch whose data is at fault gives a result with `status: 'failed'`.
   *
   * @param job what `enqueue` gave, or a pipeline's id.
   * @param kind of job, if it is named by the pipeline's id; `topic-model` if left out.
   */
  async awaitResult<K extends Kind = 'topic-model'>(
    job: TopicModelJob<K> | string,
    timeoutMs: number = WAIT_MS,
    kind?: K,
  ): Promise<Kinds[K]['result']> {
    const waited = typeof job === 'string' ? this.handle(job, (kind ?? TOPIC_MODEL) as K) : job;
    const result = parseResult(await this.ended(waited, timeoutMs), (waited.data?.type ?? TOPIC_MODEL) as K);
    if (result.status === 'failed' && result.error === 'Cancelled') {
      throw new Cancelled(String(waited.id), `job ${waited.id} was cancelled`);
    }
    return result;
  }

  /** Gives a job to wait for without loading its batch. */
  private handle<K extends Kind>(pipelineId: string, type: K): TopicModelJob<K> {
    const data = { type } as Kinds[K]['request'];
    return new Job(this.queue, TOPIC_MODEL, data, {}, jobIdOf({ pipelineId }, type)) as TopicModelJob<K>;
  }

  private async ended<K extends Kind>(job: TopicModelJob<K>, timeoutMs: number): Promise<unknown> {
    await this.events.waitUntilReady();
    const end = Date.now() + timeoutMs;
    for (;;) {
      const left = Math.max(1, end - Date.now());
      try {
        // BullMQ reads the job itself only when a wait begins.
        const value = await job.waitUntilFinished(this.events, Math.min(left, LOOK_MS));
        const state = await this.queue.getJobState(String(job.id));
        // Else the event was that of an earlier job of this id. A completed job that is not kept is gone by now.
        if (state === 'completed' || state === 'unknown') return value;
      } catch (error) {
        if (left <= LOOK_MS || !isTimeout(error)) throw await this.named(error, String(job.id), timeoutMs);
      }
    }
  }

  /** Gives an error of BullMQ's wait a type; one that has nothing to do with the job stays as it is. */
  private async named(error: unknown, id: string, timeoutMs: number): Promise<unknown> {
    if (!(error instanceof Error)) return error;
    if (isTimeout(error)) return new WaitTimeout(id, `the wait timed out: job ${id} has not ended within ${timeoutMs} ms`);
    if (error.message.startsWith('Missing key for job')) return new JobRemoved(id, `there is no job ${id}`);
    const state = await this.queue.getJobState(id);
    // A failed job that is not kept is gone by now.
    return state === 'failed' || state === 'unknown' ? new InfrastructureFailure(id, error.message) : error;
  }

  /** Enqueues a batch, as `enqueue` does, and waits for its result. */
  async run(batch: Batch, ids: PipelineIds, timeoutMs?: number): Promise<Kinds['topic-model']['result']> {
    return this.awaitResult((await this.enqueue(batch, ids)).job, timeoutMs);
  }

  /** Adds the comments that are new since last time to the tenant's model, and waits for the result. */
  async update(
    batch: Batch<'topic-model.update'>,
    ids: PipelineIds,
    timeoutMs?: number,
  ): Promise<Kinds['topic-model.update']['result']> {
    return this.awaitResult((await this.enqueue(batch, ids, 'topic-model.update')).job, timeoutMs);
  }

  /** Assigns comments to the topics of the tenant's model, and waits for the result. */
  async predict(
    batch: Batch<'topic-model.predict'>,
    ids: PipelineIds,
    timeoutMs?: number,
  ): Promise<Kinds['topic-model.predict']['result']> {
    return this.awaitResult((await this.enqueue(batch, ids, 'topic-model.predict')).job, timeoutMs);
  }

  /** Finds topics anew in recent comments, those that match keep their numbers, and waits for the result. */
  async rebuild(
    batch: Batch<'topic-model.rebuild'>,
    ids: PipelineIds,
    timeoutMs?: number,
  ): Promise<Kinds['topic-model.rebuild']['result']> {
    return this.awaitResult((await this.enqueue(batch, ids, 'topic-model.rebuild')).job, timeoutMs);
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
   * If Redis already holds the pipeline's job with the same batch, it becomes the child; if it has failed, or has ended as
   * another parent's child, it is run again. A job with another batch is replaced. Throws a `FlowConflict` if the job is
   * unfinished and another parent's child, and what `enqueue` throws.
   */
  async enqueueUnder<K extends Kind = 'topic-model'>(
    parent: Omit<FlowJob, 'children'>,
    batch: Batch<K>,
    ids: PipelineIds,
    kind?: K,
  ): Promise<JobNode> {
    const type = (kind ?? TOPIC_MODEL) as K;
    const id = jobIdOf(ids, type);
    return this.inTime(id, (check) => this.addUnder(parent, envelope(batch, ids, type), id, check));
  }

  private async addUnder(
    parent: Omit<FlowJob, 'children'>,
    data: Kinds[Kind]['request'],
    id: string,
    check: CheckWanted,
  ): Promise<JobNode> {
    const mark = markOf(data);
    await makeWay(this.queue, id, mark, check);
    const opts = { ...marked(jobOptions(this.options, id), mark), failParentOnFailure: true };
    const child: FlowJob = { name: TOPIC_MODEL, queueName: this.queueName, data, opts };
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
    const state = await this.removeOver(id);
    if (state !== 'unknown') {
      await parent.remove();
      throw new FlowConflict(id, `job ${id} is another parent's child, and ${state}`);
    }
    const opts = { ...child.opts, parent: { id: String(parent.id), queue: parent.queueQualifiedName } };
    await this.queue.add(child.name, child.data, opts);
  }

  /** Removes a job that has ended, and returns its state after that. The job is not loaded: it can have 95 MB. */
  private async removeOver(id: string): Promise<JobState | 'unknown'> {
    const state = await this.queue.getJobState(id);
    if (state !== 'failed' && state !== 'completed') return state;
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

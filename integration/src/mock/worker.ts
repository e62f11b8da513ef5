import { setTimeout as pause } from 'node:timers/promises';
import { type ConnectionOptions, type Job, Queue, UnrecoverableError, Worker } from 'bullmq';
import type { TopicModelProgress } from '../generated/contract';
import { type Redis, redisOf } from '../redis';
import { MockEngine, type MockResult } from './engine';
import { flawOf, kindOf } from './envelopes';
import { failedResult, now } from './placing';
import { breakingStage, needsOf, stagesOf } from './stages';
import { type MockOutcome, reasonOf, type Wish, wishOf } from './wishes';

export interface MockOptions {
  connection: ConnectionOptions;
  prefix: string;
  queueName: string;
  /** How many milliseconds a stage takes. */
  stageMs: number;
  /** For how many milliseconds a job stays with a worker that has vanished. */
  lockMs: number;
  /** What becomes of a job that has no `metadata.mock`. */
  outcome: MockOutcome;
}

/** How often a running job is asked whether it was cancelled. */
const LOOK_MS = 250;

/** Takes the topic-model jobs of a queue, and answers them as `MockEngine` does. */
export class MockWorker {
  private readonly engine = new MockEngine();
  private readonly queue: Queue;
  private worker: Worker;

  constructor(
    private readonly options: MockOptions,
    private readonly log: (line: string) => void,
  ) {
    const { connection, prefix, queueName } = options;
    // Without `skipMetasUpdate` BullMQ would write its own limit of events over the client's.
    this.queue = new Queue(queueName, { connection, prefix, skipMetasUpdate: true });
    this.queue.on('error', this.complain);
    this.worker = this.start();
  }

  async ready(): Promise<void> {
    await Promise.all([this.queue.waitUntilReady(), this.worker.waitUntilReady()]);
  }

  /** Lets the running job end, and closes the connections. */
  async close(): Promise<void> {
    await this.worker.close();
    await this.queue.close();
  }

  private start(): Worker {
    const { connection, prefix, queueName, lockMs } = this.options;
    const worker = new Worker(queueName, (job) => this.process(job), {
      connection,
      prefix,
      lockDuration: lockMs,
      stalledInterval: lockMs,
    });
    worker.on('error', this.complain);
    worker.on('completed', ({ id }, result: MockResult) => this.log(`${id}: ${told(result)}`));
    worker.on('failed', (job, { message }) => this.log(`${job?.id}: the attempt failed: ${message}`));
    return worker;
  }

  private readonly complain = ({ message }: Error): void => this.log(`error: ${message}`);

  private async process(job: Job): Promise<MockResult> {
    const wish = wishOf(job.data, job.attemptsStarted, this.options.outcome);
    const isSound = typeof wish !== 'string' && flawOf(job.data) === undefined;
    const isCancelled = await this.walk(job, isSound ? wish : undefined);
    const result = isCancelled ? failedResult('Cancelled') : await this.answer(job, wish);
    await this.tell(job, { stage: 'deliver', percent: 100, leftS: 0, at: now() });
    return result;
  }

  private async answer(job: Job, wish: Wish | string): Promise<MockResult> {
    if (typeof wish === 'string') return failedResult(wish);
    if (wish.outcome === 'fail') return failedResult(wish.error);
    const { previous } = (job.data ?? {}) as { previous?: unknown };
    return this.engine.answer(job.data, typeof previous === 'string' ? await this.resultOf(previous) : undefined);
  }

  /** Goes through the stages, of which a batch without a wish has the first only; gives true if the job was cancelled. */
  private async walk(job: Job, wish: Wish | undefined): Promise<boolean> {
    const kind = kindOf(job.data);
    const needs = needsOf(job.data);
    const stages = stagesOf(kind, needs);
    const stageMs = wish?.stageMs ?? this.options.stageMs;
    for (const [place, [stage, percent]] of stages.slice(0, wish ? undefined : 1).entries()) {
      // As the worker, which knows no time before the batch is read.
      const left = place > 0 ? { leftS: ((stages.length - place) * stageMs) / 1000 } : {};
      await this.tell(job, { stage, percent, ...left, at: now() });
      if (await this.isCancelled(job, stageMs)) return true;
      if (wish && stage === breakingStage(kind, needs)) await this.failIn(wish, stage);
      await job.log(`${stage}: ${(stageMs / 1000).toFixed(2)} s`);
    }
    return false;
  }

  private async failIn(wish: Wish, stage: string): Promise<void> {
    const reason = reasonOf(wish, stage);
    if (reason !== undefined) throw wish.retry ? new Error(reason) : new UnrecoverableError(reason);
    if (wish.outcome === 'stall') await this.vanish();
  }

  /** Leaves the running job to its lock, as a worker that is gone, and starts anew. */
  private async vanish(): Promise<never> {
    const gone = this.worker;
    this.log(`the worker vanishes; its job is taken again in up to ${(2 * this.options.lockMs) / 1000} s`);
    this.worker = this.start();
    void gone.close(true);
    return new Promise<never>(() => undefined);
  }

  private async tell(job: Job, progress: TopicModelProgress): Promise<void> {
    await job.updateProgress(progress);
  }

  /** Waits for a while, and gives true as soon as somebody asks for the end of the job. */
  private async isCancelled(job: Job, waitMs: number): Promise<boolean> {
    const redis = await this.redis();
    const request = this.queue.toKey(`${job.id}:cancel`);
    const end = Date.now() + waitMs;
    for (;;) {
      if ((await redis.get(request)) === String(job.timestamp)) {
        await redis.del(request);
        return true;
      }
      const left = end - Date.now();
      if (left <= 0) return false;
      await pause(Math.min(left, LOOK_MS));
    }
  }

  private async resultOf(jobId: string): Promise<unknown> {
    const value = await (await this.redis()).hget(this.queue.toKey(jobId), 'returnvalue');
    return value === null ? undefined : JSON.parse(value);
  }

  private async redis(): Promise<Redis> {
    return (await redisOf(this.queue)).redis;
  }
}

function told(result: MockResult): string {
  if (result.status === 'failed') return `failed: ${result.error}`;
  if (result.status === 'skipped') return `skipped: ${result.reason}`;
  if ('trials' in result) return `completed: ${result.trials.length} trials`;
  return `completed: ${result.topics.length} topics, ${result.assignments.length} comments in them`;
}

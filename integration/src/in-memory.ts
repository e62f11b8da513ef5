import type { FlowJob, JobNode, JobState } from 'bullmq';
import type { CancelAnswer } from './cancel';
import { envelope, jobIdOf, jobOptions } from './envelope';
import { Cancelled, FlowConflict, InfrastructureFailure, JobConflict, JobRemoved, WaitTimeout } from './errors';
import type { TopicModelProgress } from './generated/contract';
import { type Batch, type Kind, type Kinds, TOPIC_MODEL } from './kinds';
import { MockEngine } from './mock/engine';
import { kindOf } from './mock/envelopes';
import { failedResult, now } from './mock/placing';
import { breakingStage, needsOf } from './mock/stages';
import { reasonOf, wishOf } from './mock/wishes';
import { type PipelineIds, WAIT_MS } from './options';
import { parseResult } from './result';
import { markOf } from './standing';
import type { Enqueued, TopicModelJob, TopicModels } from './topic-model-client';

type Request = Kinds[Kind]['request'];
type State = 'waiting' | 'active' | 'completed' | 'failed';

export interface InMemoryOptions {
  /**
   * Gives the result of a batch, which must keep the contract; what it throws is an infrastructure failure.
   *
   * If it is left out, or gives undefined, a batch gets what `topic-model-mock` would give it, at once.
   */
  answer?: (request: Request) => unknown;
  /** Whether a worker takes the jobs; true if left out. Else they wait. */
  listening?: boolean;
}

interface Stored {
  id: string;
  kind: Kind;
  request: Request;
  content: string;
  state: State;
  hasParent: boolean;
  value?: unknown;
  reason?: string;
  /** Settled when the job has ended; rejected if it is removed. */
  end: Promise<void>;
  settle: () => void;
  remove: () => void;
  endedAt?: string;
}

/**
 * The client for unit tests: no Redis, no worker, the same answers and errors.
 *
 * Its jobs have `id`, `name`, `data`, `opts` and `getState()`, and a flow's parent `getChildrenValues()`; nothing else of
 * BullMQ's.
 */
export class InMemoryTopicModelClient implements TopicModels {
  /** The envelopes that were enqueued, in order. */
  readonly requests: Request[] = [];
  private readonly jobs = new Map<string, Stored>();
  private readonly engine = new MockEngine();
  private parents = 0;

  constructor(private readonly options: InMemoryOptions = {}) {}

  async enqueue<K extends Kind = 'topic-model'>(batch: Batch<K>, ids: PipelineIds, kind?: K): Promise<Enqueued<K>> {
    const { stored, reused } = this.add(batch, ids, (kind ?? TOPIC_MODEL) as K, false);
    return { job: handle(stored) as unknown as TopicModelJob<K>, reused };
  }

  async find(pipelineId: string, kind: Kind = TOPIC_MODEL): Promise<{ jobId: string; state: JobState } | undefined> {
    const stored = this.jobs.get(jobIdOf({ pipelineId }, kind));
    return stored && { jobId: stored.id, state: stored.state };
  }

  async isAnyWorkerListening(): Promise<boolean> {
    return this.isListening;
  }

  async awaitResult<K extends Kind = 'topic-model'>(
    job: TopicModelJob<K> | string,
    timeoutMs: number = WAIT_MS,
    kind?: K,
  ): Promise<Kinds[K]['result']> {
    const id = typeof job === 'string' ? jobIdOf({ pipelineId: job }, kind ?? TOPIC_MODEL) : String(job.id);
    const stored = this.jobs.get(id);
    if (stored === undefined) throw new JobRemoved(id, `there is no job ${id}`);
    await inTime(stored, timeoutMs);
    if (stored.state === 'failed') throw new InfrastructureFailure(id, stored.reason ?? '');
    const result = parseResult(stored.value, stored.kind as K);
    if (result.status === 'failed' && result.error === 'Cancelled') throw new Cancelled(id, `job ${id} was cancelled`);
    return result;
  }

  async run(batch: Batch, ids: PipelineIds, timeoutMs?: number): Promise<Kinds['topic-model']['result']> {
    return this.awaitResult((await this.enqueue(batch, ids)).job, timeoutMs);
  }

  async update(
    batch: Batch<'topic-model.update'>,
    ids: PipelineIds,
    timeoutMs?: number,
  ): Promise<Kinds['topic-model.update']['result']> {
    return this.awaitResult((await this.enqueue(batch, ids, 'topic-model.update')).job, timeoutMs);
  }

  async predict(
    batch: Batch<'topic-model.predict'>,
    ids: PipelineIds,
    timeoutMs?: number,
  ): Promise<Kinds['topic-model.predict']['result']> {
    return this.awaitResult((await this.enqueue(batch, ids, 'topic-model.predict')).job, timeoutMs);
  }

  async rebuild(
    batch: Batch<'topic-model.rebuild'>,
    ids: PipelineIds,
    timeoutMs?: number,
  ): Promise<Kinds['topic-model.rebuild']['result']> {
    return this.awaitResult((await this.enqueue(batch, ids, 'topic-model.rebuild')).job, timeoutMs);
  }

  async cancel(jobId: string): Promise<CancelAnswer> {
    const stored = this.jobs.get(jobId);
    if (stored === undefined) return 'unknown';
    if (stored.state === 'waiting') {
      this.drop(stored);
      return 'removed';
    }
    if (stored.state !== 'active') return 'ended';
    end(stored, 'completed', failedResult('Cancelled'));
    return 'requested';
  }

  async progress(jobId: string): Promise<TopicModelProgress | undefined> {
    const stored = this.jobs.get(jobId);
    if (stored === undefined || stored.state === 'waiting') return undefined;
    if (stored.state === 'completed') return { stage: 'deliver', percent: 100, leftS: 0, at: stored.endedAt ?? now() };
    return { stage: 'validate', percent: 0, at: now() };
  }

  async enqueueUnder<K extends Kind = 'topic-model'>(
    parent: Omit<FlowJob, 'children'>,
    batch: Batch<K>,
    ids: PipelineIds,
    kind?: K,
  ): Promise<JobNode> {
    const { stored } = this.add(batch, ids, (kind ?? TOPIC_MODEL) as K, true);
    this.parents += 1;
    const { name, data, opts = {} } = parent;
    const getChildrenValues = async (): Promise<Record<string, unknown>> => {
      await stored.end;
      if (stored.state === 'failed') throw new InfrastructureFailure(stored.id, stored.reason ?? '');
      return { [`bull:${TOPIC_MODEL}:${stored.id}`]: stored.value };
    };
    const job = { id: opts.jobId ?? `parent-${this.parents}`, name, data, opts, getChildrenValues };
    return { job, children: [{ job: handle(stored) }] } as unknown as JobNode;
  }

  async close(): Promise<void> {}

  private get isListening(): boolean {
    return this.options.listening ?? true;
  }

  private add<K extends Kind>(batch: Batch<K>, ids: PipelineIds, kind: K, hasParent: boolean): { stored: Stored; reused: boolean } {
    const request = envelope(batch, ids, kind) as Request;
    const { content } = markOf(request);
    const id = jobIdOf(ids, kind);
    const old = this.jobs.get(id);
    if (old && this.mayStay(old, content, hasParent)) {
      old.hasParent ||= hasParent;
      return { stored: old, reused: true };
    }
    if (old) this.drop(old);
    let settle = (): void => undefined;
    let remove = settle;
    const done = new Promise<void>((resolve, reject) => {
      settle = resolve;
      remove = () => reject(new JobRemoved(id, `there is no job ${id}`));
    });
    // Nobody may be waiting for a job that is removed.
    done.catch(() => undefined);
    const stored: Stored = { id, kind, request, content, state: 'waiting', hasParent, end: done, settle, remove };
    this.jobs.set(id, stored);
    this.requests.push(request);
    if (this.isListening) void this.work(stored);
    return { stored, reused: false };
  }

  /** Tells whether a stored job is used; false if a new one replaces it, and throws if neither can be. */
  private mayStay(old: Stored, content: string, hasParent: boolean): boolean {
    const isOver = old.state === 'completed' || old.state === 'failed';
    const hasFailed = old.state === 'failed' || (old.value as { status?: unknown } | undefined)?.status === 'failed';
    if (old.content === content && !hasFailed) {
      if (!hasParent || !old.hasParent) return true;
      if (isOver) return false;
      throw new FlowConflict(old.id, `job ${old.id} is another parent's child, and ${old.state}`);
    }
    if (!isOver && old.hasParent) {
      throw new FlowConflict(old.id, `job ${old.id} holds another batch, is a flow's child, and ${old.state}`);
    }
    if (old.state === 'active') {
      throw new JobConflict(old.id, `job ${old.id} holds another batch and runs: wait for it, cancel it, or take another id`);
    }
    return false;
  }

  private drop(stored: Stored): void {
    this.jobs.delete(stored.id);
    stored.remove();
  }

  private async work(stored: Stored): Promise<void> {
    stored.state = 'active';
    try {
      const { previous } = stored.request as { previous?: unknown };
      const earlier = typeof previous === 'string' ? this.jobs.get(previous)?.value : undefined;
      // Not at once: `enqueue` comes back before the job has ended.
      await Promise.resolve();
      const value = await (this.options.answer?.(stored.request) ?? this.mocked(stored.request, earlier));
      if (stored.state === 'active') end(stored, 'completed', parseResult(value, stored.kind));
    } catch (error) {
      if (stored.state === 'active') end(stored, 'failed', undefined, error instanceof Error ? error.message : String(error));
    }
  }

  private mocked(request: Request, earlier: unknown): unknown {
    const wish = wishOf(request, 1);
    if (typeof wish === 'string') return failedResult(wish);
    const reason = reasonOf(wish, breakingStage(kindOf(request), needsOf(request)));
    if (reason !== undefined) throw new Error(reason);
    if (wish.outcome === 'stall') return new Promise(() => undefined);
    return wish.outcome === 'fail' ? failedResult(wish.error) : this.engine.answer(request, earlier);
  }
}

function end(stored: Stored, state: State, value?: unknown, reason?: string): void {
  Object.assign(stored, { state, value, reason, endedAt: now() });
  stored.settle();
}

async function inTime({ id, end: done }: Stored, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `the wait timed out: job ${id} has not ended within ${timeoutMs} ms`;
    timer = setTimeout(() => reject(new WaitTimeout(id, message)), timeoutMs);
  });
  try {
    await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}

function handle(stored: Stored): object {
  const opts = jobOptions({ connection: {} }, stored.id);
  return { id: stored.id, name: TOPIC_MODEL, data: stored.request, opts, getState: async () => stored.state };
}

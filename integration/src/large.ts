import { type FlowJob, FlowProducer, type Job, type JobsOptions, Queue } from 'bullmq';
import { envelope, jobIdOf, jobOptions } from './envelope';
import type { FailedResult, Params } from './generated/contract';
import { type Kind, TOPIC_MODEL } from './kinds';
import { failed, type LargePart, type LargeResult, ofPart, together } from './large-result';
import { KEPT_EVENTS, type TopicModelOptions } from './options';
import type { BatchItem } from './packing';
import { parseResult } from './result';

/** The queue of the runs, whose jobs the API itself processes. */
export const LARGE_RUNS = 'topic-model-large';

const WHOLE = 'whole';
const STEP = 'step';
/** Jobs of other producers have no priority, and BullMQ gives those to a worker first. */
const PRIORITY = 10;

/** What the API gives: the comments, and a place for what becomes of them. */
export interface LargeCorpus {
  /**
   * Gives at most `count` comments, the next ones after the comment with the id `after`; the first ones if it is null.
   *
   * Their order must always be the same and must have nothing to do with what they say, such as that of the MD5 of
   * their ids: the first ones are the sample. After the last one comes an empty array.
   */
  read(pipelineId: string, after: string | null, count: number): Promise<readonly BatchItem[]>;
  /** Keeps the result of a part. After a crash the same part comes again, with the same assignments. */
  keep(pipelineId: string, part: number, result: LargePart): Promise<void>;
}

export interface LargeRun {
  pipelineId: string;
  tenant: string;
  params?: Params;
  /** How many comments are fitted; 50,000 if left out. */
  sample?: number;
  /** How many comments a prediction has; 5,000 if left out. */
  chunk?: number;
  /** How many predictions Redis holds at the same time; 4 if left out. Twice the number of workers keeps all busy. */
  sideBySide?: number;
}

/** One step: its children, if it has any, are the parts from `first` on. */
interface Step {
  run: LargeRun;
  step: number;
  first: number;
  parts: number;
  after: string | null;
  version?: string;
}
type StepJob = Pick<Job, 'name' | 'data' | 'getChildrenValues'>;
type Child = NonNullable<FlowJob['children']>[number] & { opts: JobsOptions };

/**
 * Finds topics in a corpus of any size: fits a sample, lets predictions place the rest, and puts the parts together.
 *
 * A run is a job that waits for its steps, and each step waits for its parts, jobs of the topic-model worker. A step whose
 * parts are there adds the next step and hands their results to the corpus. So Redis holds the comments of one step only.
 */
export class LargeRuns {
  private readonly queue: Queue;
  private readonly topicModel: Queue;
  private readonly flows: FlowProducer;

  constructor(
    private readonly options: TopicModelOptions,
    private readonly corpus: LargeCorpus,
    log: (error: Error) => void,
  ) {
    const { connection, prefix = 'bull', queueName = TOPIC_MODEL, keepEvents = KEPT_EVENTS } = options;
    this.queue = new Queue(LARGE_RUNS, { connection, prefix });
    // Without this, BullMQ would write its own limit of events into Redis.
    this.topicModel = new Queue(queueName, { connection, prefix, streams: { events: { maxLen: keepEvents } } });
    this.flows = new FlowProducer({ connection, prefix });
    // An `error` event without a listener ends the process.
    this.queue.on('error', log);
    this.topicModel.on('error', log);
    this.flows.on('error', log);
  }

  async close(): Promise<void> {
    await Promise.all([this.queue.close(), this.topicModel.close(), this.flows.close()]);
  }

  /**
   * Starts a run; gives the job whose return value is a `LargeResult`.
   *
   * If Redis already holds the run: one that failed, for good or by its data, begins anew; any other is returned. Throws
   * if it failed and a worker still has one of its parts.
   */
  async start(run: LargeRun): Promise<Job> {
    const earlier = (await this.queue.getJob(run.pipelineId)) as Job | undefined;
    if (earlier) {
      const hasFailed = (earlier.returnvalue as LargeResult | null)?.status === 'failed' || (await earlier.isFailed());
      if (!hasFailed) return earlier;
      await earlier.remove({ removeChildren: true });
    }
    const first: Step = { run, step: 0, first: 0, parts: 0, after: null };
    const whole = { name: WHOLE, queueName: LARGE_RUNS, data: run, opts: jobOptions(this.options, run.pipelineId) };
    return (await this.flows.add({ ...whole, children: [this.stepJob(first)] })).job;
  }

  /** Processes a job of the queue `topic-model-large`. */
  async process(job: StepJob): Promise<LargeResult | null> {
    if (job.name !== STEP) return together(Object.values(await job.getChildrenValues<LargeResult | null>()));
    const step = job.data as Step;
    const results = this.resultsOf(step, await job.getChildrenValues<unknown>());
    const found = results.map((result, i) =>
      result.status === 'failed' ? failed(step.first + i, result.error) : ofPart(step.first + i, result),
    );
    const done = together(found);
    if (done?.status === 'failed') return done;
    // First, so that the workers have something to do.
    await this.goOn({ ...step, ...(done ? { version: done.model.version } : {}) });
    for (const [i, result] of results.entries()) {
      if (result.status === 'completed') await this.corpus.keep(step.run.pipelineId, step.first + i, result);
    }
    return done;
  }

  private resultsOf({ run, first, parts }: Step, values: Record<string, unknown>): (LargePart | FailedResult)[] {
    const numbers = Array.from({ length: parts }, (_, i) => first + i);
    return numbers.map((part) => parseResult(values[this.topicModel.toKey(partId(run, part))], kindOf(part)));
  }

  /** Adds the next step with its parts, if comments are left. */
  private async goOn({ run, step, first, parts, after, version }: Step): Promise<void> {
    const next = { run, step: step + 1, first: first + parts, ...(version ? { version } : {}) };
    // A step that a crash made run twice has added it, all at once or not at all.
    if ((await this.queue.getJobState(stepId(next))) !== 'unknown') return;
    const { sample = 50_000, chunk = 5_000, sideBySide = 4 } = run;
    const children: Child[] = [];
    let last = after;
    while (children.length < (next.first === 0 ? 1 : sideBySide)) {
      const items = await this.corpus.read(run.pipelineId, last, next.first === 0 ? sample : chunk);
      if (items.length === 0) break;
      children.push(this.partJob(next, next.first + children.length, items));
      last = items.at(-1)?.submissionId ?? null;
    }
    if (children.length === 0) return;
    const job = this.stepJob({ ...next, parts: children.length, after: last });
    const parent = { id: run.pipelineId, queue: this.queue.qualifiedName };
    await this.flows.add({ ...job, opts: { ...job.opts, parent }, children });
  }

  private stepJob(step: Step): Child {
    const opts = { ...jobOptions(this.options, stepId(step)), failParentOnFailure: true };
    return { name: STEP, queueName: LARGE_RUNS, data: step, opts };
  }

  private partJob({ run, version }: Pick<Step, 'run' | 'version'>, part: number, items: readonly BatchItem[]): Child {
    const { tenant, params } = run;
    // The version of this run's own fit: an update beside it may make another one active.
    const model = { tenant, ...(version ? { version } : {}) };
    const batch = { items, model, ...(params ? { params } : {}) };
    return {
      name: TOPIC_MODEL,
      queueName: this.topicModel.name,
      data: envelope(batch, { pipelineId: `${run.pipelineId}-part-${part}` }, kindOf(part)),
      opts: {
        ...jobOptions(this.options, partId(run, part)),
        priority: PRIORITY,
        failParentOnFailure: true,
        // The step has its result.
        removeOnComplete: true,
      },
    };
  }
}

function kindOf(part: number): Kind & ('topic-model' | 'topic-model.predict') {
  return part === 0 ? 'topic-model' : 'topic-model.predict';
}

function partId({ pipelineId }: LargeRun, part: number): string {
  return jobIdOf({ pipelineId: `${pipelineId}-part-${part}` }, kindOf(part));
}

function stepId({ run, step }: Pick<Step, 'run' | 'step'>): string {
  return `${run.pipelineId}-step-${step}`;
}

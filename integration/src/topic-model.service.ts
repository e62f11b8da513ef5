import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { FlowProducer, type FlowJob, type Job, type JobNode, type JobsOptions, Queue, QueueEvents } from 'bullmq';
import type { TopicModelRequest, TopicModelResult } from './generated/contract';
import { type PipelineIds, TOPIC_MODEL, TOPIC_MODEL_OPTIONS, type TopicModelOptions } from './options';
import { parseResult } from './result';

export type TopicModelJob = Job<TopicModelRequest, unknown>;
/** The items and parameters; the rest of the envelope is added here. */
export type Batch = Pick<TopicModelRequest, 'items' | 'params'>;

const DAY_S = 24 * 60 * 60;
/** Three attempts of five minutes, their backoff, and a queue before them. */
const WAIT_MS = 30 * 60 * 1000;

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

  /** Enqueues a batch. The same pipeline's job, while Redis still has it, is given back and not run again. */
  async enqueue(batch: Batch, ids: PipelineIds): Promise<TopicModelJob> {
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
    return parseResult(await job.waitUntilFinished(this.events, timeoutMs));
  }

  /** Enqueues a batch and waits for its result. */
  async run(batch: Batch, ids: PipelineIds, timeoutMs: number = WAIT_MS): Promise<TopicModelResult> {
    return this.awaitResult(await this.enqueue(batch, ids), timeoutMs);
  }

  /**
   * Enqueues a batch as the child of another job, which starts when the topics are there.
   *
   * The parent reads them by `childResult`; it fails when the child's last attempt has failed.
   */
  async enqueueUnder(parent: Omit<FlowJob, 'children'>, batch: Batch, ids: PipelineIds): Promise<JobNode> {
    const child: FlowJob = {
      name: TOPIC_MODEL,
      queueName: this.queueName,
      data: envelope(batch, ids),
      opts: { ...this.jobOptions(ids), failParentOnFailure: true },
    };
    return this.flows.add({ ...parent, children: [child] });
  }

  private jobOptions({ pipelineId }: PipelineIds): JobsOptions {
    const { keepCompletedS = DAY_S, keepFailedS = 7 * DAY_S } = this.options;
    return {
      jobId: `${pipelineId}--topic-model`,
      attempts: 3,
      backoff: { type: 'exponential', delay: 5000 },
      removeOnComplete: { age: keepCompletedS },
      removeOnFail: { age: keepFailedS },
    };
  }
}

function envelope(batch: Batch, ids: PipelineIds): TopicModelRequest {
  const { items, params } = batch;
  return {
    jobId: `${ids.pipelineId}--topic-model`,
    version: '1.0',
    type: 'topic-model',
    items,
    ...(params ? { params } : {}),
    metadata: { ...ids },
    publishedAt: new Date().toISOString(),
  };
}

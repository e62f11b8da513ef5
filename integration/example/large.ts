import { Processor, WorkerHost } from '@nestjs/bullmq';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import type { Job } from 'bullmq';
import {
  type Assignment,
  type BatchItem,
  LARGE_RUNS,
  type LargeCorpus,
  type LargePart,
  type LargeResult,
  LargeRuns,
} from 'topic-model-client';

const connection = { host: process.env.REDIS_HOST ?? 'localhost', port: Number(process.env.REDIS_PORT ?? 6379) };
const prefix = 'faculytics:bull';

/** The API's table of comments. */
@Injectable()
export abstract class CommentTable {
  /** `WHERE $1::text IS NULL OR md5(id) > md5($1) ORDER BY md5(id) LIMIT $2`, with an index on `md5(id)`. */
  abstract byDigest(after: string | null, count: number): Promise<BatchItem[]>;
  /** Writes the topic of each of these comments; twice is as good as once. */
  abstract setTopics(pipelineId: string, assignments: Assignment[]): Promise<void>;
}

/** Topics of a whole table, however large it is. */
@Processor(LARGE_RUNS, { prefix })
export class LargeTopics extends WorkerHost implements LargeCorpus, OnModuleDestroy {
  private readonly logger = new Logger(LargeTopics.name);
  private readonly runs = new LargeRuns({ connection, prefix }, this, ({ message }) => this.logger.error(message));

  constructor(private readonly comments: CommentTable) {
    super();
  }

  async start(pipelineId: string, tenant: string): Promise<string> {
    return String((await this.runs.start({ pipelineId, tenant })).id);
  }

  /** Gives the topics with the counts of all comments, when the last part is there. */
  process(job: Job): Promise<LargeResult | null> {
    return this.runs.process(job);
  }

  read(_: string, after: string | null, count: number): Promise<BatchItem[]> {
    return this.comments.byDigest(after, count);
  }

  keep(pipelineId: string, _: number, { assignments }: LargePart): Promise<void> {
    return this.comments.setTopics(pipelineId, assignments);
  }

  async onModuleDestroy(): Promise<void> {
    await this.runs.close();
  }
}

import { randomUUID } from 'node:crypto';
import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { type Batch, type PipelineIds, type TopicModelResult, type TopicModels, TopicModelService } from 'topic-model-client';
import { Topic, TopicAssignment, TopicModelRun } from './entities';

/** The queue of the flow's parents, which the API works on. */
export const TOPIC_RESULTS = 'topic-results';

/** A child that failed has ended: this is no wait. */
const CHILD_MS = 1000;
const LEAST_PROBABILITY = 0.01;
/** PostgreSQL takes 65,535 values in one statement, and an assignment has four. */
const ROWS_AT_ONCE = 5_000;
const KEPT = { age: 7 * 24 * 60 * 60, count: 1000 };

export type RunIds = PipelineIds & { runId: string };

/** Starts runs and writes what becomes of them. */
@Injectable()
export class TopicRuns {
  constructor(
    private readonly em: EntityManager,
    @Inject(TopicModelService) private readonly topicModel: TopicModels,
  ) {}

  /** Notes a run and enqueues its batch; nobody waits. If it throws, it may be called again. */
  async start(ids: RunIds, batch: Batch): Promise<void> {
    const { runId, pipelineId } = ids;
    const row = { id: runId, pipelineId, status: 'pending' as const, submissionCount: batch.items.length };
    await this.em.fork().upsert(TopicModelRun, { ...row, topicCount: 0, outlierCount: 0 });
    const opts = { attempts: 5, backoff: { type: 'exponential', delay: 5000 }, removeOnComplete: KEPT, removeOnFail: KEPT };
    const parent = { name: 'persist', queueName: TOPIC_RESULTS, data: { runId, pipelineId }, opts };
    await this.topicModel.enqueueUnder(parent, batch, ids);
  }

  /** Writes a result, all of it or nothing; twice is as good as once. */
  async save(runId: string, result: TopicModelResult): Promise<void> {
    if (result.status === 'failed') return this.fail(runId, result.error);
    await this.em.fork().transactional(async (em) => {
      const run = await em.findOneOrFail(TopicModelRun, runId);
      // Their assignments go with them.
      await em.nativeDelete(Topic, { run: runId });
      const topics = result.topics.map(({ topicIndex, rawLabel, keywords, docCount }) => {
        return { id: randomUUID() as string, run: runId, topicIndex, rawLabel, keywords, docCount };
      });
      await em.insertMany(Topic, topics);
      const idOf = new Map(topics.map(({ topicIndex, id }) => [topicIndex, id]));
      const rows = assignmentsOf(result).map(({ topicIndex, ...row }) => ({ ...row, topic: idOf.get(topicIndex) as string }));
      for (let i = 0; i < rows.length; i += ROWS_AT_ONCE) {
        await em.insertMany(TopicAssignment, rows.slice(i, i + ROWS_AT_ONCE));
      }
      em.assign(run, {
        status: 'completed',
        topicCount: topics.length,
        outlierCount: result.outlierCount,
        metrics: result.metrics,
        workerVersion: result.version,
        error: null,
        completedAt: new Date(result.completedAt),
      });
    });
  }

  /** Notes a run that failed for good; a flow's parent knows that its child failed, and the child knows why. */
  async noteFailure({ runId, pipelineId }: RunIds, reason: string): Promise<void> {
    const child = this.topicModel.awaitResult(pipelineId, CHILD_MS);
    await this.fail(runId, await child.then(() => reason, ({ message }: Error) => message));
  }

  private async fail(runId: string, error: string): Promise<void> {
    await this.em.fork().nativeUpdate(TopicModelRun, { id: runId, status: 'pending' }, { status: 'failed', error });
  }
}

interface Row {
  submissionId: string;
  topicIndex: number;
  probability: number;
  isDominant: boolean;
}

/** Gives each comment's topics: the dominant one, and, if the batch asked for it, the second one. */
function assignmentsOf({ assignments }: Extract<TopicModelResult, { status: 'completed' }>): Row[] {
  const rows = assignments.flatMap((assignment): Row[] => {
    const { submissionId, topicIndex, probability, secondaryTopicIndex, secondaryProbability = 0 } = assignment;
    const first = { submissionId, topicIndex, probability, isDominant: true };
    if (secondaryTopicIndex === undefined) return [first];
    return [first, { submissionId, topicIndex: secondaryTopicIndex, probability: secondaryProbability, isDominant: false }];
  });
  return rows.filter(({ probability }) => probability > LEAST_PROBABILITY);
}

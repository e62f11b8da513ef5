import { InfrastructureFailure, TopicModelClient, type TopicModels } from 'topic-model-client/client';
import type { Batch } from 'topic-model-client/contract';

/** Gives the topics of a batch, by their labels. */
export async function topicsOf(client: TopicModels, pipelineId: string, batch: Batch): Promise<string[]> {
  try {
    const result = await client.run(batch, { pipelineId });
    if (result.status === 'failed') throw new Error(result.error); // the data is at fault; no retry helps
    return result.topics.map((topic) => topic.rawLabel);
  } catch (error) {
    if (error instanceof InfrastructureFailure) console.error(`the worker failed: ${error.message}`);
    throw error;
  }
}

/** A script: connects, asks, and closes the connections, so that the process ends. */
export async function main(batch: Batch): Promise<void> {
  const connection = { host: process.env.REDIS_HOST ?? 'localhost', port: Number(process.env.REDIS_PORT ?? 6379) };
  const client = new TopicModelClient({ connection, prefix: 'faculytics:bull' });
  try {
    console.log(await topicsOf(client, 'pipeline-1', batch));
  } finally {
    await client.close();
  }
}

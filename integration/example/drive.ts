// What the test suite runs: the example module against a real worker. Prints one JSON document.
import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import { QueueEvents } from 'bullmq';
import { type Batch, topicModelRequest, TopicModelService } from 'topic-model-client';
import { FaculyticsModule, Pipelines } from './faculytics';

async function drive(file: string): Promise<object> {
  const batch = JSON.parse(readFileSync(file, 'utf8')) as Batch;
  const app = await NestFactory.createApplicationContext(FaculyticsModule, { logger: ['error'] });
  const connection = { host: process.env.REDIS_HOST ?? 'localhost', port: Number(process.env.REDIS_PORT) };
  const events = new QueueEvents('topic-labelling', { connection, prefix: 'faculytics:bull' });
  try {
    const pipelines = app.get(Pipelines);
    const service = app.get(TopicModelService, { strict: false });
    const topics = await pipelines.topicsOf('one', batch);
    const few = { ...batch, items: batch.items.slice(0, 3) };
    const refused = await pipelines.topicsOf('few', few).then(String, (error: Error) => error.message);
    const { job: again, reused } = await service.enqueue(batch, { pipelineId: 'one', runId: 'run-1' });
    const late = await service.awaitResult((await service.enqueue(batch, { pipelineId: 'late' })).job, 1).then(
      String,
      (error: Error) => error.message,
    );
    const previous = await service.awaitResult(again);
    const kept = await service.run({ ...batch, previous }, { pipelineId: 'kept' });
    const model = { tenant: 'campus-3' };
    const lives = [
      await service.run({ ...batch, model }, { pipelineId: 'model' }),
      await service.update({ items: batch.items.slice(0, 12), model }, { pipelineId: 'model' }),
      await service.update({ items: batch.items.slice(0, 3), model }, { pipelineId: 'few' }),
      await service.predict({ items: batch.items.slice(0, 1), model }, { pipelineId: 'model' }),
      await service.rebuild({ items: batch.items, model }, { pipelineId: 'model' }),
    ];
    await events.waitUntilReady();
    const finished = new Map<string, unknown>();
    const both = new Promise<void>((resolve) => {
      events.on('completed', ({ jobId, returnvalue }) => {
        if (finished.set(jobId, returnvalue).size === 2) resolve();
      });
    });
    const flows = [await pipelines.start('flow', batch), await pipelines.start('flow-few', few)];
    await both;
    return {
      topics,
      refused,
      late,
      sameJob: reused && again.id,
      lives,
      continuity: kept.status === 'completed' ? kept.continuity : kept.error,
      options: again.opts,
      request: topicModelRequest.safeParse(again.data).success,
      version: (await service.awaitResult(again)).version,
      flows: flows.map((id) => finished.get(id)),
    };
  } finally {
    await events.close();
    await app.close();
  }
}

drive(process.argv[2] ?? '').then(
  (result) => console.log(JSON.stringify(result)),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);

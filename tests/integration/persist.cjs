// The example that writes results into PostgreSQL: `node persist.cjs EXAMPLE BATCH`; prints the tables as JSON.
// A worker takes the jobs. One run has topics, one has too few comments, and for one the worker fails.
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const [, , example, file] = process.argv;
const required = createRequire(join(example, 'persistence.module.js'));
required('reflect-metadata');
const { MikroORM } = required('@mikro-orm/postgresql');
const { NestFactory } = required('@nestjs/core');
const { PersistenceModule } = required('./persistence.module.js');
const { TopicRuns } = required('./topic-runs.js');
const { Topic, TopicAssignment, TopicModelRun } = required('./entities.js');
const batch = JSON.parse(readFileSync(file, 'utf8'));
const runId = (n) => `00000000-0000-4000-8000-00000000000${n}`;

const start = async () => {
  const app = await NestFactory.createApplicationContext(PersistenceModule, { logger: ['error'] });
  return { app, runs: app.get(TopicRuns, { strict: false }), orm: app.get(MikroORM, { strict: false }) };
};

async function settled(orm) {
  while ((await orm.em.fork().count(TopicModelRun, { status: 'pending' })) > 0) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** A result of two comments: one is in two topics, and one in a topic that it hardly belongs to. */
function odd() {
  const topics = [0, 1].map((topicIndex) => ({ topicIndex, rawLabel: `${topicIndex}_a`, keywords: ['a', 'b, "c"'], docCount: 1 }));
  const second = { isMultiTopic: true, secondaryTopicIndex: 0, secondaryProbability: 0.3 };
  const assignments = [
    { submissionId: 'two', topicIndex: 1, probability: 0.6, ...second },
    { submissionId: 'hardly', topicIndex: 0, probability: 0.01, isMultiTopic: false },
  ];
  const metrics = { npmi_coherence: 0.1, topic_diversity: 1, outlier_ratio: 0, silhouette_score: 0.2, embedding_coherence: 0.5 };
  const completedAt = '2026-01-01T00:00:00.000Z';
  return { version: '1.0.0', status: 'completed', topics, assignments, metrics, outlierCount: 0, completedAt };
}

async function main() {
  let { app, runs, orm } = await start();
  await orm.schema.createSchema();
  await runs.start({ pipelineId: 'one', runId: runId(1) }, batch);
  await runs.start({ pipelineId: 'few', runId: runId(2) }, { items: batch.items.slice(0, 3) });
  const mock = { outcome: 'infrastructure', retry: false };
  await runs.start({ pipelineId: 'broken', runId: runId(3), mock }, batch);
  await settled(orm);
  const pending = { status: 'pending', error: null };
  await orm.em.fork().insert(TopicModelRun, { id: runId(4), pipelineId: 'odd', submissionCount: 2, ...pending });
  for (let time = 0; time < 2; time += 1) await runs.save(runId(4), odd());
  // As if the API had been down when the run failed.
  await orm.em.fork().nativeUpdate(TopicModelRun, { id: runId(3) }, pending);
  await app.close();
  ({ app, orm } = await start());
  await settled(orm);
  const em = orm.em.fork();
  const tables = await Promise.all([TopicModelRun, Topic, TopicAssignment].map((table) => em.find(table, {}, { orderBy: table === Topic ? { topicIndex: 1 } : { id: 1 } })));
  await app.close();
  const [runRows, topics, assignments] = JSON.parse(JSON.stringify(tables));
  console.log(JSON.stringify({ runs: runRows, topics, assignments }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

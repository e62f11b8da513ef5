// Asks the mock worker, over Redis, and the client for unit tests for the same: `node mock.cjs CLIENT PORT BATCH`.
// CLIENT is the folder of the client; BullMQ is the one that it finds. Prints what came of it as JSON.
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const [, , folder, port, file] = process.argv;
const { Cancelled, TopicModelClient } = require(join(folder, 'client.js'));
const { childResult } = require(join(folder, 'contract.js'));
const { InMemoryTopicModelClient } = require(join(folder, 'testing.js'));
const { Queue, QueueEvents } = createRequire(join(folder, 'client.js'))('bullmq');
const options = { connection: { host: '127.0.0.1', port: Number(port) }, prefix: 'faculytics:bull' };
const { items } = JSON.parse(readFileSync(file, 'utf8'));
const TIMEOUT_MS = 60_000;

const described = (error) => `${error.name}: ${error.message}`;

async function until(ask, holds) {
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Gives what a client makes of batches of every kind, in an order that the kept models need. */
async function asked(client) {
  const model = { tenant: 'campus-3' };
  const [first, last] = [items.slice(0, 36), items.slice(24)];
  const zero = items.slice(0, 15).map((item) => ({ ...item, embedding: new Array(768).fill(0) }));
  const without = items.map(({ embedding, ...item }, i) => (i === 3 ? item : { ...item, embedding }));
  const wish = (pipelineId, mock) => client.run({ items }, { pipelineId, mock }, TIMEOUT_MS);
  const missing = { model: { tenant: 'campus-3', version: '20260101_000000' } };
  const asks = {
    fit: () => client.run({ items }, { pipelineId: 'fit' }, TIMEOUT_MS),
    few: () => client.run({ items: items.slice(0, 3) }, { pipelineId: 'few' }, TIMEOUT_MS),
    none: () => client.run({ items: items.map((item) => ({ ...item, text: `${item.submissionId}?` })) }, { pipelineId: 'none' }, TIMEOUT_MS),
    apart: () => client.run({ items, params: { min_topic_size: 40 } }, { pipelineId: 'apart' }, TIMEOUT_MS),
    zero: () => client.run({ items: zero }, { pipelineId: 'zero' }, TIMEOUT_MS),
    length: () => client.run({ items: [{ ...items[0], embedding: [1, 2] }] }, { pipelineId: 'length' }, TIMEOUT_MS),
    twice: () => client.run({ items: [...items, items[0]] }, { pipelineId: 'twice' }, TIMEOUT_MS),
    invalid: () => client.run({ items: [{ ...items[0], text: '' }], params: { nr_topics: 0 } }, { pipelineId: 'invalid' }, TIMEOUT_MS),
    byId: () => client.run({ items, previous: 'fit--topic-model' }, { pipelineId: 'byId' }, TIMEOUT_MS),
    gone: () => client.run({ items, previous: 'gone--topic-model' }, { pipelineId: 'gone' }, TIMEOUT_MS),
    inline: async () => {
      const previous = await client.run({ items: first }, { pipelineId: 'first' }, TIMEOUT_MS);
      return client.run({ items: last, previous }, { pipelineId: 'inline' }, TIMEOUT_MS);
    },
    modelless: () => client.predict({ items, model }, { pipelineId: 'modelless' }, TIMEOUT_MS),
    kept: () => client.run({ items: first, model }, { pipelineId: 'kept' }, TIMEOUT_MS),
    skipped: () => client.update({ items: items.slice(0, 2), model }, { pipelineId: 'skipped' }, TIMEOUT_MS),
    updated: () => client.update({ items: last, model }, { pipelineId: 'updated' }, TIMEOUT_MS),
    predicted: () => client.predict({ items: items.slice(0, 1), model }, { pipelineId: 'predicted' }, TIMEOUT_MS),
    versionless: () => client.predict({ items, ...missing }, { pipelineId: 'versionless' }, TIMEOUT_MS),
    rebuilt: () => client.rebuild({ items, model }, { pipelineId: 'rebuilt' }, TIMEOUT_MS),
    tuned: async () => {
      const batch = { items, params: { grid: { nr_topics: [2, 4], min_topic_size: [5] } } };
      const { job } = await client.enqueue(batch, { pipelineId: 'tuned' }, 'topic-model.tune');
      return client.awaitResult(job, TIMEOUT_MS);
    },
    guided: () => client.run({ items, params: { tier1_guided: true, labels: true } }, { pipelineId: 'guided' }, TIMEOUT_MS),
    lacking: () => client.run({ items: without }, { pipelineId: 'lacking' }, TIMEOUT_MS),
    embedded: () => client.run({ items: without, params: { embed_missing: true } }, { pipelineId: 'embedded' }, TIMEOUT_MS),
    failed: () => wish('failed', 'fail'),
    infrastructure: () => wish('infrastructure', { outcome: 'infrastructure', retry: false }),
    timeout: () => wish('timeout', { outcome: 'timeout', retry: false }),
    crash: () => wish('crash', { outcome: 'crash', retry: false, error: 'compute process exited with code 3' }),
    misspelt: () => wish('misspelt', 'crush'),
  };
  const told = {};
  for (const [name, ask] of Object.entries(asks)) told[name] = await ask().catch(described);
  return told;
}

/** What only a worker does: attempts that follow one another, a lock that runs out, stages, a request to stop. */
async function overRedis(client) {
  const queue = new Queue('topic-model', options);
  const events = new QueueEvents('topic-model', options);
  const add = async (jobId, mock) => {
    const data = { items, metadata: { mock } };
    const job = await queue.add('topic-model', data, { jobId, attempts: 3 });
    const result = await job.waitUntilFinished(events, TIMEOUT_MS);
    const { attemptsMade, attemptsStarted } = await queue.getJob(jobId);
    return [result.status, attemptsMade, attemptsStarted];
  };
  await events.waitUntilReady();
  const attempts = await add('attempts', { outcome: 'infrastructure', attempts: 2 });
  const stages = [];
  events.on('progress', ({ jobId, data }) => jobId === 'stall' && stages.push(data));
  const stall = await add('stall', 'stall');
  const { job } = await client.enqueue({ items }, { pipelineId: 'slow', mock: 'slow' });
  await until(() => client.progress(job.id), (progress) => progress?.stage === 'validate');
  const answer = await client.cancel(job.id);
  const isCancelled = await client.awaitResult(job, TIMEOUT_MS).catch((error) => error instanceof Cancelled);
  const listening = await client.isAnyWorkerListening();
  await Promise.all([queue.close(), events.close()]);
  return { attempts, stall, stages, cancelled: [answer, isCancelled], listening };
}

/** What the client for unit tests does of its own, beside its answers. */
async function inMemory() {
  const client = new InMemoryTopicModelClient();
  const add = async (batch, ids) => (await client.enqueue(batch, ids)).reused;
  const two = { items: items.slice(0, 2) };
  const parent = { name: 'label', queueName: 'labelling', data: {} };
  const reused = [await add({ items }, { pipelineId: 'a' }), await add({ items }, { pipelineId: 'a' })];
  await client.awaitResult('a');
  reused.push(await add({ items }, { pipelineId: 'a' }), await add(two, { pipelineId: 'a' }));
  await client.awaitResult('a');
  reused.push(await add(two, { pipelineId: 'a' }));
  const flow = await client.enqueueUnder(parent, { items }, { pipelineId: 'flow' });
  const child = (await childResult(flow.job)).status;
  const broken = await client.enqueueUnder(parent, { items }, { pipelineId: 'broken', mock: 'crash' });
  await client.enqueueUnder(parent, { items }, { pipelineId: 'stalls', mock: 'stall' });
  const errors = [
    await childResult(broken.job).catch(described),
    await client.awaitResult('stalls', 1).catch(described),
    await client.awaitResult('none').catch(described),
    await client.enqueueUnder(parent, { items }, { pipelineId: 'stalls', mock: 'stall' }).catch(described),
    await add({ items }, { pipelineId: 'stalls' }).catch(described),
  ];
  const { job } = await client.enqueue({ items }, { pipelineId: 'b', mock: 'stall' });
  errors.push(await add(two, { pipelineId: 'b' }).catch(described));
  const state = await job.getState();
  const answers = [await client.cancel(job.id), await client.cancel(job.id), await client.cancel('none')];
  errors.push(await client.awaitResult('b').catch(described));
  const idle = new InMemoryTopicModelClient({ listening: false });
  const waiting = await idle.enqueue({ items }, { pipelineId: 'c' });
  const found = [await idle.find('c'), await idle.isAnyWorkerListening(), (await idle.progress(waiting.job.id)) ?? null];
  answers.push(await idle.cancel(waiting.job.id));
  found.push((await idle.find('c')) ?? null, (await client.progress('a--topic-model')).stage);
  const own = new InMemoryTopicModelClient({ answer: ({ items: sent }) => ({ status: 'completed', topics: sent.length }) });
  errors.push((await own.run({ items }, { pipelineId: 'off the contract' }).catch((error) => error.name)));
  return { reused, child, errors, state, answers, found, requests: client.requests.length };
}

async function main() {
  const client = new TopicModelClient(options);
  const told = { mock: await asked(client), double: await asked(new InMemoryTopicModelClient()) };
  Object.assign(told, { overRedis: await overRedis(client), inMemory: await inMemory() });
  await client.close();
  console.log(JSON.stringify(told));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

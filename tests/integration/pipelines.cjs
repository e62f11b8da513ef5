// An API that enqueues pipelines' batches again and again: `node pipelines.cjs CLIENT PORT COMMAND BATCH`.
// CLIENT is the folder of the client; BullMQ is the one that it finds. Prints what came of it as JSON.
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const [, , client, port, command, file] = process.argv;
const { childResult, TopicModelService } = require(client);
const { Queue, QueueEvents, UnrecoverableError, Worker } = createRequire(join(client, 'index.js'))('bullmq');
const options = { connection: { host: '127.0.0.1', port: Number(port) }, prefix: 'faculytics:bull' };
const batch = JSON.parse(readFileSync(file, 'utf8'));
const TIMEOUT_MS = 60_000;

const service = new TopicModelService(options);
const labelling = new Queue('labelling', options);
const events = new QueueEvents('labelling', options);

async function enqueueUnder(pipelineId) {
  return (await service.enqueueUnder({ name: 'label', queueName: 'labelling', data: {} }, batch, { pipelineId })).job;
}

/** Gives what a pipeline's parent returns, or why it failed. */
async function label(pipelineId) {
  const parent = await enqueueUnder(pipelineId);
  return parent.waitUntilFinished(events, TIMEOUT_MS).catch((error) => error.message);
}

const run = (pipelineId) => service.run(batch, { pipelineId }, TIMEOUT_MS);
const reason = (error) => error.message;
const described = (error) => `${error.name}: ${error.message}`;
const add = async (items, ids, params) => service.enqueue({ items, ...(params ? { params } : {}) }, ids);

async function until(ask, holds) {
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Enqueues a batch that runs until it is cancelled, and one that waits behind it. */
async function enqueueTwo() {
  const waits = (name) => ({ items: batch.items.map((item) => ({ ...item, text: `wait ${name}` })) });
  const { job: running } = await service.enqueue(waits('running'), { pipelineId: 'running' });
  await until(() => running.getState(), (state) => state === 'active');
  return { running, waiting: (await service.enqueue(waits('waiting'), { pipelineId: 'waiting' })).job };
}

const commands = {
  /** A topic-model worker that nothing goes well with; then none at all. */
  async fail() {
    const failing = new Worker('topic-model', () => Promise.reject(new UnrecoverableError('no memory')), options);
    const failures = [await run('alone').catch(reason), await label('flow'), await run('later in a flow').catch(reason)];
    await failing.close();
    return { failures };
  },
  async again() {
    const results = [(await run('alone')).status, await label('flow'), await label('later in a flow')];
    return { results };
  },
  /** The jobs of `again` are completed, and kept. */
  async completed() {
    return { results: [(await run('alone')).status, await label('alone'), await label('flow')] };
  },
  /** No worker takes the child. */
  async twice() {
    const first = await enqueueUnder('flow');
    const second = await enqueueUnder('flow').catch(described);
    const { job: { id } } = await service.enqueue(batch, { pipelineId: 'flow' });
    await service.enqueue(batch, { pipelineId: 'alone' });
    const adopted = await enqueueUnder('alone');
    const states = [await first.getState(), await adopted.getState()];
    return { second, id, states, parents: await labelling.getJobCountByTypes('waiting-children') };
  },
  /** Embeddings of every form that the client takes; gives what Redis holds of them. */
  async packed() {
    const numbers = batch.items[0].embedding;
    const odd = [[1e300, 0.5], [null, 0.5]];
    const forms = [numbers, Float32Array.from(numbers), Float64Array.from(numbers), 'AACAPw==', ...odd];
    const items = forms.map((embedding, i) => ({ submissionId: `${i}`, text: 'late', embedding }));
    const { job: { id } } = await service.enqueue({ items }, { pipelineId: 'packed' });
    const topicModel = new Queue('topic-model', options);
    const { data } = await topicModel.getJob(id);
    await topicModel.close();
    return { numbers, held: data.items.map((item) => item.embedding) };
  },
  async cancel() {
    const { running, waiting } = await enqueueTwo();
    const { id } = waiting;
    const answers = [await service.cancel(id), await service.cancel(running.id)];
    const error = await service.awaitResult(running, TIMEOUT_MS).catch(described);
    const listening = await service.isAnyWorkerListening();
    return { answers: [...answers, await service.cancel(running.id), await service.cancel(id)], error, listening };
  },
  /** One job runs, one waits behind it, and one never was; then the first one has ended. */
  async progress() {
    const { running, waiting } = await enqueueTwo();
    const progress = await until(() => service.progress(running.id), (told) => told?.stage === 'reduce');
    const none = [await service.progress(waiting.id), await service.progress('none')];
    await service.cancel(waiting.id);
    await service.cancel(running.id);
    await service.awaitResult(running, TIMEOUT_MS).catch(described);
    return { running: progress, none: none.map((told) => told === undefined), ended: await service.progress(running.id) };
  },
  /** No worker takes the jobs; gives whether each was reused, and how many items it has then. */
  async waits() {
    const ids = { pipelineId: 'waits' };
    const two = batch.items.slice(0, 2);
    const listening = await service.isAnyWorkerListening();
    const topicModel = new Queue('topic-model', options);
    const told = [];
    for (const [items, runId, params] of [
      [batch.items, '1', { nr_topics: 5, min_topic_size: 3 }],
      [batch.items, '1', { min_topic_size: 3, nr_topics: 5 }],
      [two, '1', { min_topic_size: 3, nr_topics: 5 }],
      [two, '2', { min_topic_size: 3, nr_topics: 5 }],
      [two, '2', undefined],
      [two, '2', undefined],
    ]) {
      const { job, reused } = await add(items, { ...ids, runId }, params);
      told.push([reused, (await topicModel.getJob(job.id)).data.items.length]);
    }
    await enqueueUnder('child');
    const child = await add(two, { pipelineId: 'child' }).catch(described);
    await topicModel.add('topic-model', { items: [] }, { jobId: 'foreign--topic-model' });
    const foreign = (await add(two, { pipelineId: 'foreign' })).reused;
    const raced = await Promise.allSettled([add(two, { pipelineId: 'raced' }), add(batch.items, { pipelineId: 'raced' })]);
    await topicModel.close();
    return { listening, told, child, foreign, raced: raced.map(({ value, reason: why }) => value?.reused ?? why.name) };
  },
  /** A worker that does what the first item says; gives what became of each job. */
  async ends() {
    let letGo;
    const held = new Promise((resolve) => { letGo = resolve; });
    let runs = 0;
    const worker = new Worker('topic-model', async ({ data: { items } }) => {
      const [{ text }] = items;
      runs += 1;
      if (text === 'hold') await held;
      if (text === 'break') throw new UnrecoverableError('no memory');
      return { version: '1.0.0', status: 'failed', error: `${items.length}`, completedAt: '2026-01-01T00:00:00.000Z' };
    }, options);
    const say = (text, n = 1) => batch.items.slice(0, n).map((item) => ({ ...item, text }));
    const result = async (pipelineId, timeoutMs = TIMEOUT_MS) => (await service.awaitResult(pipelineId, timeoutMs)).error;
    await add(say('reject'), { pipelineId: 'one' });
    const rejected = [await result('one')];
    rejected.push((await add(say('reject'), { pipelineId: 'one' })).reused, await result('one'), runs);
    rejected.push((await add(say('reject', 2), { pipelineId: 'one' })).reused, await result('one'), runs);
    await add(say('break'), { pipelineId: 'two' });
    const errors = [await result('two').catch(described), await result('none').catch(described)];
    await add(say('hold'), { pipelineId: 'three' });
    await until(() => service.find('three'), (found) => found.state === 'active');
    errors.push(await result('three', 1).catch(described), await add(say('hold', 2), { pipelineId: 'three' }).catch(described));
    errors.push((await add(say('hold'), { pipelineId: 'three' })).reused);
    letGo();
    errors.push(await result('three'));
    await worker.close();
    const found = [await service.find('three'), (await service.find('three', 'topic-model.update')) ?? null];
    return { rejected, errors, found };
  },
  /** An event of an earlier job comes while the job of the same id waits; then that job is gone. */
  async late() {
    const { job } = await add(batch.items, { pipelineId: 'late' });
    let waits = 0;
    const waitUntilFinished = async () => {
      waits += 1;
      if (waits === 2) await service.cancel(job.id);
      return { version: '1.0.0', status: 'failed', error: `${waits}`, completedAt: '2026-01-01T00:00:00.000Z' };
    };
    return { error: (await service.awaitResult({ id: job.id, data: job.data, waitUntilFinished })).error };
  },
  async three() {
    const keepsTwo = new TopicModelService({ ...options, keepCompletedCount: 2 });
    for (const pipelineId of ['one', 'two', 'three']) await keepsTwo.run(batch, { pipelineId }, TIMEOUT_MS);
    await keepsTwo.onModuleDestroy();
    const topicModel = new Queue('topic-model', options);
    const kept = await topicModel.getCompletedCount();
    await topicModel.close();
    return { kept };
  },
};

async function main() {
  const labels = new Worker('labelling', async (job) => (await childResult(job)).status, options);
  await events.waitUntilReady();
  const told = await commands[command]();
  await Promise.all([labels.close(), labelling.close(), events.close(), service.onModuleDestroy()]);
  console.log(JSON.stringify(told));
}

main();

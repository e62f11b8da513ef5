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
  const running = await service.enqueue(waits('running'), { pipelineId: 'running' });
  await until(() => running.getState(), (state) => state === 'active');
  return { running, waiting: await service.enqueue(waits('waiting'), { pipelineId: 'waiting' }) };
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
    const second = await enqueueUnder('flow').catch(reason);
    const { id } = await service.enqueue(batch, { pipelineId: 'flow' });
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
    const { id } = await service.enqueue({ items }, { pipelineId: 'packed' });
    const topicModel = new Queue('topic-model', options);
    const { data } = await topicModel.getJob(id);
    await topicModel.close();
    return { numbers, held: data.items.map((item) => item.embedding) };
  },
  async cancel() {
    const { running, waiting } = await enqueueTwo();
    const { id } = waiting;
    const answers = [await service.cancel(id), await service.cancel(running.id)];
    const { status, error } = await service.awaitResult(running, TIMEOUT_MS);
    return { answers: [...answers, await service.cancel(running.id), await service.cancel(id)], status, error };
  },
  /** One job runs, one waits behind it, and one never was; then the first one has ended. */
  async progress() {
    const { running, waiting } = await enqueueTwo();
    const progress = await until(() => service.progress(running.id), (told) => told?.stage === 'reduce');
    const none = [await service.progress(waiting.id), await service.progress('none')];
    await service.cancel(waiting.id);
    await service.cancel(running.id);
    await service.awaitResult(running, TIMEOUT_MS);
    return { running: progress, none: none.map((told) => told === undefined), ended: await service.progress(running.id) };
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

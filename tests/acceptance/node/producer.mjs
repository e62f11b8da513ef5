// A producer as the API is one: reads commands, one JSON object a line, and answers each with one line.
//
//   {"do": "add", "name", "data" | "file", "opts"}         -> {"id"}
//   {"do": "wait", "id"}                                    -> {"state", "returnvalue", "failedReason", ...}
//   {"do": "flow", "file", "opts"}                          -> {"id"} of the child; the parent waits in queue "parent"
//   {"do": "get", "id"}, {"do": "pause"}, {"do": "resume"}, {"do": "counts"}, {"do": "workers"}
//
// node producer.mjs bullmq-5|bullmq-6 PORT PREFIX QUEUE
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { topicModelResponse } from './schema.mjs';

const [library, port, prefix, queueName] = process.argv.slice(2);
const { FlowProducer, Job, Queue, QueueEvents } = await import(library);
const options = { connection: { host: '127.0.0.1', port: Number(port) }, prefix };
const queue = new Queue(queueName, options);
const events = new QueueEvents(queueName, options);
await events.waitUntilReady();

const progress = {};
events.on('progress', ({ jobId, data }) => (progress[jobId] ??= []).push(data));
const dataOf = ({ data, file }) => data ?? JSON.parse(readFileSync(file, 'utf8'));

async function report(id) {
  const job = await Job.fromId(queue, id);
  if (!job) return { state: 'unknown' };
  const { logs } = await queue.getJobLogs(id);
  const { returnvalue, failedReason, attemptsMade, attemptsStarted, stacktrace } = job;
  const schema = returnvalue === null ? null : topicModelResponse.safeParse(returnvalue);
  return {
    state: await job.getState(), returnvalue, failedReason, attemptsMade, attemptsStarted, logs, stacktrace,
    progress: progress[id] ?? [], zod: schema && (schema.success ? 'ok' : String(schema.error)),
  };
}

const commands = {
  add: async (command) => ({ id: (await queue.add(command.name ?? 'topic-model', dataOf(command), command.opts)).id }),
  wait: async ({ id, timeout = 240000 }) => {
    const job = await Job.fromId(queue, id);
    await job.waitUntilFinished(events, timeout).catch(() => undefined); // the report says how it ended
    return report(id);
  },
  get: ({ id }) => report(id),
  flow: async (command) => {
    const flow = new FlowProducer(options);
    const child = { name: 'topic-model', queueName, data: dataOf(command), opts: command.opts };
    const tree = await flow.add({ name: 'labels', queueName: `${queueName}-parent`, data: {}, children: [child] });
    await flow.close();
    return { id: tree.children[0].job.id, parent: tree.job.id };
  },
  childrenValues: async ({ parent }) => {
    const parents = new Queue(`${queueName}-parent`, options);
    const job = await Job.fromId(parents, parent);
    const values = Object.values(await job.getChildrenValues());
    const state = await job.getState();
    await parents.close();
    return { state, values };
  },
  pause: async () => ({ paused: (await queue.pause(), true) }),
  resume: async () => ({ paused: (await queue.resume(), false) }),
  counts: () => queue.getJobCounts(),
  workers: async () => ({ count: await queue.getWorkersCount(), names: (await queue.getWorkers()).map((w) => w.rawname) }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    process.stdout.write(`${JSON.stringify(await commands[command.do](command))}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: String(error) })}\n`);
  }
}
await Promise.all([queue.close(), events.close()]);

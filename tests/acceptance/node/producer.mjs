// Producers as the API is one, each of its own queue: reads commands, one JSON object a line, and answers each with one
// line that has the number of its producer. Whoever sends a command to a producer waits for its answer before the next.
//
//   {"producer", "do": "open", "port", "prefix", "queue"}   -> {}; the others need it
//   {"producer", "do": "add", "name", "data" | "file", "opts"}  -> {"id"}
//   {"producer", "do": "wait", "id"}                        -> {"state", "returnvalue", "failedReason", ...}
//   {"producer", "do": "flow", "file", "opts"}              -> {"id"} of the child; the parent waits in queue "parent"
//   also "get" with an "id", "pause", "resume", "counts", "workers"
//   {"producer", "do": "close"}                             -> {}
//
// node producer.mjs bullmq-5|bullmq-6
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { topicModelResponse } from './schema.mjs';

const { FlowProducer, Job, Queue, QueueEvents } = await import(process.argv[2]);
const dataOf = ({ data, file }) => data ?? JSON.parse(readFileSync(file, 'utf8'));

async function open({ port, prefix, queue: queueName }) {
  const options = { connection: { host: '127.0.0.1', port }, prefix };
  const queue = new Queue(queueName, options);
  const events = new QueueEvents(queueName, options);
  await events.waitUntilReady();

  const progress = {};
  events.on('progress', ({ jobId, data }) => (progress[jobId] ??= []).push(data));

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

  return {
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
    close: async () => (await Promise.all([queue.close(), events.close()]), {}),
  };
}

const opened = {};

async function answerTo(command) {
  if (command.do !== 'open') return opened[command.producer][command.do](command);
  opened[command.producer] = await open(command);
  return {};
}

// No command waits for one of another producer.
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  answerTo(command)
    .catch((error) => ({ error: String(error) }))
    .then((answer) => process.stdout.write(`${JSON.stringify({ ...answer, producer: command.producer })}\n`));
}
process.exit();

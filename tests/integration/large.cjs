// An API with a corpus that is too large for one job: `node large.cjs CLIENT RUN`, RUN a JSON document:
//   {port, prefix, queueName, themes, comments, sample, chunk, sideBySide, tenant, twice, breaks, updates}
// The comments are made up as they are read: each has six words of one theme, and the theme's direction with noise.
// Prints one JSON document. With `twice`, each step runs again when the parts that it added are over, as after a
// crash of the API. `breaks` is the part at which a first run fails for good; a second one follows. `updates` is how many
// other comments are added to the model meanwhile.
const { once } = require('node:events');
const { createRequire } = require('node:module');
const { join } = require('node:path');

const [, , client, text] = process.argv;
const { port, prefix, queueName, themes, comments, tenant, twice, breaks, updates, ...sizes } = JSON.parse(text);
const { LARGE_RUNS, LargeRuns, TopicModelService } = require(client);
const { Queue, QueueEvents, UnrecoverableError, Worker } = createRequire(join(client, 'index.js'))('bullmq');
const options = { connection: { host: '127.0.0.1', port }, prefix, queueName };
const N_DIMENSIONS = 768;
const NOISE = 0.05;

/** Mulberry32: numbers in [0, 1) from a seed. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Nearly normal: the sum of three even ones, with the deviation of one. */
const noise = (next) => 2 * (next() + next() + next() - 1.5);

const centers = themes.map((_, theme) => {
  const next = generator(theme);
  const center = Float32Array.from({ length: N_DIMENSIONS }, () => noise(next));
  const norm = Math.hypot(...center);
  return center.map((number) => number / norm);
});
const themeOf = (index) => Math.floor(generator(1000 + index)() * themes.length);

function comment(index) {
  const next = generator(1_000_000 + index);
  const theme = themeOf(index);
  const words = [...themes[theme]];
  const chosen = Array.from({ length: 6 }, () => words.splice(Math.floor(next() * words.length), 1)[0]);
  const embedding = centers[theme].map((number) => number + NOISE * noise(next));
  return { submissionId: `${index}`, text: chosen.join(' '), embedding };
}

/** Makes the comments, and notes the topic of each. */
class Corpus {
  parts = new Map();
  topicOf = new Int16Array(comments).fill(-1);
  versions = new Set();
  assigned = 0;
  async read(_, after, count) {
    const first = after === null ? 0 : Number(after) + 1;
    return Array.from({ length: Math.max(0, Math.min(count, comments - first)) }, (_, i) => comment(first + i));
  }
  broken = breaks === undefined;
  async keep(_, part, { assignments, model }) {
    this.versions.add(model.version);
    if (updates && !this.updated) this.updated = await update();
    if (!this.broken && part === breaks) {
      this.broken = true;
      throw new UnrecoverableError('the database is gone');
    }
    this.parts.set(part, (this.parts.get(part) ?? 0) + 1);
    for (const { submissionId, topicIndex } of assignments) {
      if (this.parts.get(part) === 1) this.assigned += 1;
      this.topicOf[Number(submissionId)] = topicIndex;
    }
  }
  /** The share of the assigned comments whose topic has their theme as the most frequent one. */
  purity() {
    const counts = new Map();
    this.topicOf.forEach((topic, index) => {
      if (topic < 0) return;
      if (!counts.has(topic)) counts.set(topic, new Array(themes.length).fill(0));
      counts.get(topic)[themeOf(index)] += 1;
    });
    const most = [...counts.values()].reduce((sum, row) => sum + Math.max(...row), 0);
    return most / this.topicOf.filter((topic) => topic >= 0).length;
  }
}

/** Makes another version of the tenant's model the active one. */
async function update() {
  const service = new TopicModelService(options);
  const items = Array.from({ length: updates }, (_, i) => comment(comments + i));
  const { model } = await service.update({ items, model: { tenant } }, { pipelineId: `${tenant}-update` });
  await service.onModuleDestroy();
  return model.version;
}

async function main() {
  const corpus = new Corpus();
  const runs = new LargeRuns(options, corpus, console.error);
  let inApi = 0;
  const events = new QueueEvents(LARGE_RUNS, { connection: options.connection, prefix });
  const queue = new Queue(LARGE_RUNS, { connection: options.connection, prefix });
  /** Until the parts of the step that it adds are over, and their jobs are gone. */
  const processAndWait = async (job) => {
    await runs.process(job);
    const next = `${tenant}-step-${job.data.step + 1}`;
    for (;;) {
      const moved = once(events, 'waiting');
      if ((await queue.getJobState(next)) !== 'waiting-children') return;
      await moved;
    }
  };
  const step = async (job) => {
    if (twice) await processAndWait(job);
    const began = performance.now();
    const result = await runs.process(job);
    inApi += performance.now() - began;
    return result;
  };
  const worker = new Worker(LARGE_RUNS, step, { connection: options.connection, prefix });
  await events.waitUntilReady();
  const run = { pipelineId: tenant, tenant, ...sizes };
  if (breaks !== undefined) await (await runs.start(run)).waitUntilFinished(events).catch(() => undefined);
  const start = performance.now();
  const result = await (await runs.start(run)).waitUntilFinished(events);
  const seconds = (performance.now() - start) / 1000;
  const again = await (await runs.start(run)).getState();
  await Promise.all([worker.close(), events.close(), queue.close()]);
  await runs.close();
  const topicOfEach = corpus.topicOf.filter((topic) => topic >= 0).length;
  const kept = [...corpus.parts.values()];
  const versions = [...corpus.versions];
  const { assigned, updated } = corpus;
  const counted = { assigned, topicOfEach, purity: corpus.purity(), kept, versions, updated };
  const peakMb = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ result, again, seconds, inApiS: inApi / 1000, peakMb, ...counted }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

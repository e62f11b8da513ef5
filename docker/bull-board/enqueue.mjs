// Enqueue a batch as the API does it, wait, and print its topics: node enqueue.mjs /examples/batch.json.gz
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Queue, QueueEvents } from 'bullmq';
import { options, queueName } from './queue.mjs';

const file = process.argv[2];
if (!file) {
  console.error('usage: node enqueue.mjs FILE.json[.gz]');
  process.exit(2);
}
const bytes = readFileSync(file);
const envelope = JSON.parse(file.endsWith('.gz') ? gunzipSync(bytes) : bytes);

// The stream of events holds each result again: the last 1,000 events are enough for some 90 jobs.
const queue = new Queue(queueName, { ...options, streams: { events: { maxLen: 1000 } } });
// From the beginning of the stream: QueueEvents is ready before it reads, and would miss a job that ends at once.
const events = new QueueEvents(queueName, { ...options, lastEventId: '0-0' });
await events.waitUntilReady();
let code = 0;
try {
  const job = await queue.add('topic-model', envelope, {
    attempts: 3,
    backoff: { type: 'exponential', delay: 5000 },
    // Redis keeps what nobody removes, with its whole batch. Ages are in seconds.
    removeOnComplete: { age: 24 * 3600, count: 30 },
    removeOnFail: { age: 7 * 24 * 3600, count: 30 },
  });
  console.log(`job ${job.id} in ${options.prefix}:${queueName}, ${envelope.items.length} items`);
  events.on('progress', ({ jobId, data }) => jobId === job.id && console.log(`  ${data.stage} ${data.percent} %`));
  const result = await job.waitUntilFinished(events);
  if (result.status === 'failed') throw new Error(result.error);
  for (const { topicIndex, docCount, keywords } of result.topics) {
    console.log(`topic ${topicIndex}: ${docCount} documents: ${keywords.slice(0, 6).join(', ')}`);
  }
  console.log(`${result.outlierCount} outliers`, result.metrics);
} catch (error) {
  console.error(`the job did not complete: ${error.message}`);
  code = 1;
}
await events.close();
await queue.close();
process.exit(code);

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

const queue = new Queue(queueName, options);
// From the stream's beginning: it is ready before it listens, and a job that fails at once would be missed.
const events = new QueueEvents(queueName, { ...options, lastEventId: '0-0' });
await events.waitUntilReady();
let code = 0;
try {
  const job = await queue.add('topic-model', envelope, {
    attempts: 3,
    backoff: { type: 'exponential', delay: 5000 },
    removeOnComplete: { count: 100 },
    removeOnFail: { count: 100 },
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

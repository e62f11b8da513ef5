#!/usr/bin/env node
// `topic-model-mock`: answers topic-model jobs with made-up topics, so that an API can be developed without the worker.
import { parseArgs } from 'node:util';
import { TOPIC_MODEL } from '../kinds';
import { MockWorker } from './worker';
import { type MockOutcome, OUTCOMES } from './wishes';

const USAGE = `topic-model-mock: answers topic-model jobs with made-up topics.

  --redis URL        REDIS_URL, or redis://localhost:6379
  --prefix PREFIX    BULLMQ_PREFIX, or bull
  --queue NAME       TOPIC_MODEL_QUEUE, or topic-model
  --stage-ms NUMBER  how long each stage takes: 300
  --lock-ms NUMBER   how long a job stays with a worker that has vanished: 30000
  --mock OUTCOME     what becomes of jobs without metadata.mock: complete

Outcomes: ${OUTCOMES.join(', ')}.`;

const STOP_MS = 5_000;

class Misuse extends Error {}

async function main(): Promise<void> {
  const { REDIS_URL, BULLMQ_PREFIX, TOPIC_MODEL_QUEUE } = process.env;
  const { values } = parseArgs({
    options: {
      redis: { type: 'string', default: REDIS_URL || 'redis://localhost:6379' },
      prefix: { type: 'string', default: BULLMQ_PREFIX || 'bull' },
      queue: { type: 'string', default: TOPIC_MODEL_QUEUE || TOPIC_MODEL },
      'stage-ms': { type: 'string', default: '300' },
      'lock-ms': { type: 'string', default: '30000' },
      mock: { type: 'string', default: 'complete' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const mock = new MockWorker(
    {
      // BullMQ asks for this of a worker's connection.
      connection: { url: values.redis, maxRetriesPerRequest: null },
      prefix: values.prefix,
      queueName: values.queue,
      stageMs: numberOf('--stage-ms', values['stage-ms'], 0),
      lockMs: numberOf('--lock-ms', values['lock-ms'], 1),
      outcome: outcomeOf(values.mock),
    },
    (line) => console.log(line),
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop(mock));
  await mock.ready();
  console.log(`topic-model-mock: takes jobs of the queue ${values.queue}, prefix ${values.prefix}`);
}

/** Lets the running job end, but waits neither for a long one nor for a Redis that is away. */
function stop(mock: MockWorker): void {
  setTimeout(() => process.exit(1), STOP_MS).unref();
  void mock.close();
}

function numberOf(option: string, text: string, least: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < least) throw new Misuse(`${option} must be an integer of at least ${least}, not ${text}`);
  return number;
}

function outcomeOf(text: string): MockOutcome {
  const outcome = OUTCOMES.find((each) => each === text);
  if (outcome === undefined) throw new Misuse(`--mock must be one of ${OUTCOMES.join(', ')}, not ${text}`);
  return outcome;
}

main().catch((error: Error) => {
  console.error(`topic-model-mock: ${error.message}`);
  process.exitCode = 2;
});

// Bull Board on the worker's queue. It asks for no password: everybody who reaches the port can retry and remove jobs.
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import { Queue } from 'bullmq';
import express from 'express';
import { options, queueName } from './queue.mjs';

// A request is megabytes of embeddings: the page shows the first few items and numbers only.
const SHOWN_ITEMS = 3;
const SHOWN_NUMBERS = 3;

function shortened(data) {
  if (!Array.isArray(data?.items)) return data;
  const items = data.items.slice(0, SHOWN_ITEMS).map((item) => ({
    ...item,
    embedding: [...(item?.embedding ?? []).slice(0, SHOWN_NUMBERS), `… ${item?.embedding?.length ?? 0} numbers`],
  }));
  return { ...data, items: [...items, `… ${data.items.length} items`] };
}

const queue = new Queue(queueName, options);
queue.on('error', (error) => console.error(`redis: ${error.message}`));
const adapter = new BullMQAdapter(queue, { description: `prefix ${options.prefix}` });
adapter.setFormatter('data', shortened);
const pages = new ExpressAdapter();
createBullBoard({ queues: [adapter], serverAdapter: pages });

const app = express();
app.use('/', pages.getRouter());
const server = app.listen(Number(process.env.PORT || 3000), (error) => {
  if (error) throw error;
  console.log(`bull board on port ${server.address().port}, queue ${options.prefix}:${queueName}`);
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
    queue.close().finally(() => process.exit(0));
  });
}

// An API that enqueues a batch at its start, and another one when it is told to.
const [, , client, port] = process.argv;
const { TopicModelService } = require(client);

const service = new TopicModelService({ connection: { host: '127.0.0.1', port: Number(port) } });

async function enqueue(pipelineId) {
  await service.enqueue({ items: [] }, { pipelineId });
  console.log('enqueued');
}

process.stdin.once('data', async () => {
  await enqueue('after');
  await service.onModuleDestroy();
  process.stdin.pause();
});
enqueue('before');

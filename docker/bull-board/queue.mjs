// Where the queue is, read from the worker's variables with the worker's defaults.
const { REDIS_URL, BULLMQ_PREFIX, TOPIC_MODEL_QUEUE } = process.env;

export const queueName = TOPIC_MODEL_QUEUE || 'topic-model';
export const options = {
  connection: { url: REDIS_URL || 'redis://localhost:6379', maxRetriesPerRequest: null },
  prefix: BULLMQ_PREFIX || 'bull',
};

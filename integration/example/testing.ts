import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Batch } from 'topic-model-client/contract';
import { InMemoryTopicModelClient } from 'topic-model-client/testing';
import { topicsOf } from './plain.js';

const texts = [...Array(10).fill('always late to class'), ...Array(10).fill('grades are fair')] as string[];
const batch: Batch = {
  items: texts.map((text, i) => ({ submissionId: `${i}`, text, embedding: Array<number>(768).fill(0.1) })),
};

test('topics are shown by their labels', async () => {
  const client = new InMemoryTopicModelClient();
  assert.deepEqual(await topicsOf(client, 'pipeline-1', batch), ['0_always_class_late', '1_fair_grades']);
});

test('a worker that fails is told of', async () => {
  const client = new InMemoryTopicModelClient({
    answer: () => {
      throw new Error('CUDA out of memory');
    },
  });
  await assert.rejects(topicsOf(client, 'pipeline-1', batch), { name: 'InfrastructureFailure', message: 'CUDA out of memory' });
});

import type { Job } from 'bullmq';
import { type Kind, type Kinds, resultSchemas } from './kinds';
import { TOPIC_MODEL } from './options';

/** Checks a return value by the contract; throws a ZodError if it does not fit. */
export function parseResult<K extends Kind = 'topic-model'>(value: unknown, kind?: K): Kinds[K]['result'] {
  return resultSchemas[kind ?? TOPIC_MODEL].parse(value) as Kinds[K]['result'];
}

/**
 * Gives a flow's parent the result of its topic-model child.
 *
 * A batch whose data is at fault is a completed child: look at `status`.
 */
export async function childResult<K extends Kind = 'topic-model'>(
  // Only what is used of a job: the API's BullMQ may be another version than the one that this was compiled with.
  parent: Pick<Job, 'id' | 'getChildrenValues'>,
  queueName: string = TOPIC_MODEL,
  kind?: K,
): Promise<Kinds[K]['result']> {
  const children = Object.entries(await parent.getChildrenValues<unknown>());
  const own = children.filter(([key]) => key.split(':').includes(queueName));
  if (own.length !== 1) {
    throw new Error(`job ${parent.id} has ${own.length} finished children in the queue ${queueName}, not one`);
  }
  return parseResult(own[0]?.[1], kind);
}

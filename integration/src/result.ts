import { type Kind, type Kinds, resultSchemas, TOPIC_MODEL } from './kinds';

/** What is used of a flow's parent. The API's BullMQ may be another version than the one this was compiled with. */
export interface ParentJob {
  id?: string | undefined;
  getChildrenValues(): Promise<Record<string, unknown>>;
}

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
  parent: ParentJob,
  queueName: string = TOPIC_MODEL,
  kind?: K,
): Promise<Kinds[K]['result']> {
  const children = Object.entries(await parent.getChildrenValues());
  const own = children.filter(([key]) => key.split(':').includes(queueName));
  if (own.length !== 1) {
    throw new Error(`job ${parent.id} has ${own.length} finished children in the queue ${queueName}, not one`);
  }
  return parseResult(own[0]?.[1], kind);
}

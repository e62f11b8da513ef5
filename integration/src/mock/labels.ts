import type { TopicModelRequest } from '../generated/contract';
import type { MockResult } from './engine';

const WORDS = 2;

/** Adds what `params.labels` asks for: a name made of the raw label's words, so that it stays as long as they do. */
export function named(result: MockResult, params: TopicModelRequest['params']): MockResult {
  if (params?.labels !== true || !('topics' in result)) return result;
  const topics = result.topics.map((topic) => ({ ...topic, label: nameOf(topic.rawLabel) }));
  return { ...result, topics } as MockResult;
}

function nameOf(rawLabel: string): string {
  const name = rawLabel.split('_').slice(1, 1 + WORDS).join(' and ');
  return name.charAt(0).toUpperCase() + name.slice(1);
}

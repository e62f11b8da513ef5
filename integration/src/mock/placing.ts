import type { Assignment, Drift, FailedResult, KnownTopic, Metrics } from '../generated/contract';
import { version } from './version';
import { hits, type Words } from './topics';

const MAX_LABEL = 200;
const ENOUGH_FOR_DRIFT = 50;

/** A topic with its number. */
export interface NumberedTopic {
  topicIndex: number;
  rawLabel: string;
  keywords: string[];
}

/** The comments of a batch, and the number of each one's topic; -1 for outliers. */
export interface Placed {
  ids: readonly string[];
  comments: readonly Words[];
  labels: readonly number[];
  topics: readonly NumberedTopic[];
}

export function numbered(topicIndex: number, keywords: string[], rawLabel?: string): NumberedTopic {
  const label = rawLabel ?? `${topicIndex}_${keywords.slice(0, 4).join('_')}`;
  return { topicIndex, rawLabel: label.slice(0, MAX_LABEL), keywords };
}

/** Gives the topic with which a comment shares most words; undefined if it shares none with any. */
export function nearest(comment: Words | undefined, topics: readonly NumberedTopic[]): NumberedTopic | undefined {
  let best: NumberedTopic | undefined;
  let most = 0;
  for (const topic of topics) {
    const shared = hits(comment, topic.keywords);
    if (shared > most) [best, most] = [topic, shared];
  }
  return best;
}

/** Counts the comments of each topic, by its number. */
export function sizesOf({ labels }: Placed): Map<number, number> {
  const sizes = new Map<number, number>();
  for (const label of labels) if (label >= 0) sizes.set(label, (sizes.get(label) ?? 0) + 1);
  return sizes;
}

/** Gives the topics with their `docCount`, the largest first; those without a comment of the batch too. */
export function countedTopics(placed: Placed): KnownTopic[] {
  const sizes = sizesOf(placed);
  const topics = placed.topics.map((topic) => ({ ...topic, docCount: sizes.get(topic.topicIndex) ?? 0 }));
  return topics.sort((one, other) => other.docCount - one.docCount || one.topicIndex - other.topicIndex);
}

/** Gives an assignment for each comment that is in a topic; the probability is higher the more keywords it has. */
export function assignmentsOf({ ids, comments, labels, topics }: Placed): Assignment[] {
  const keywords = new Map(topics.map((topic) => [topic.topicIndex, topic.keywords]));
  return ids.flatMap((submissionId, place) => {
    const topicIndex = labels[place] ?? -1;
    const own = keywords.get(topicIndex);
    if (own === undefined) return [];
    return [{ submissionId, topicIndex, probability: rounded(0.35 + (0.65 * hits(comments[place], own)) / own.length) }];
  });
}

export function outlierCountOf({ labels }: Placed): number {
  return labels.filter((label) => label < 0).length;
}

/** Gives metrics of which only the share of outliers and the diversity mean something. */
export function metricsOf(placed: Placed): Metrics {
  const words = placed.topics.flatMap(({ keywords }) => keywords);
  return {
    npmi_coherence: 0.1,
    topic_diversity: rounded(new Set(words).size / Math.max(1, words.length)),
    outlier_ratio: rounded(outlierCountOf(placed) / placed.labels.length),
    silhouette_score: 0.2,
    embedding_coherence: 0.5,
  };
}

/** Gives a drift that never is one. */
export function driftOf({ ids }: Placed): Drift {
  return {
    level: 'LOW',
    enough: ids.length >= ENOUGH_FOR_DRIFT,
    pValue: 0.5,
    excessVariation: 0,
    outlierExcess: 0,
    shift: 0,
    moved: [],
  };
}

export function failedResult(error: string): FailedResult {
  return { version, status: 'failed', error, completedAt: now() };
}

export function now(): string {
  return new Date().toISOString();
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

import type { Continuity, TopicModelRequest } from '../generated/contract';
import { nearest, now, numbered, type NumberedTopic } from './placing';
import { findTopics, keywordsOf, type Words } from './topics';

/** An earlier result, sent inline or fetched: as much of it as is needed. */
export type EarlierResult = Extract<NonNullable<TopicModelRequest['previous']>, { topics: unknown }>;

export interface Continued {
  labels: number[];
  topics: NumberedTopic[];
  since: Map<number, string>;
  continuity: Continuity;
}
interface Sizes {
  fewest: number;
  most: number;
}

/** Keeps the topics of an earlier result: comments of then stay, new ones go to the nearest topic or to a new one. */
export function continued(
  ids: readonly string[],
  comments: readonly Words[],
  earlier: EarlierResult,
  name: string,
  { fewest, most }: Sizes,
): Continued {
  const before = new Map(earlier.assignments.map(({ submissionId, topicIndex }) => [submissionId, topicIndex]));
  const labels = ids.map((id, place) => (comments[place]?.size ? (before.get(id) ?? -1) : -1));
  const old = new Map(earlier.topics.map((topic) => [topic.topicIndex, topic]));
  const kept: NumberedTopic[] = [];
  for (const [topicIndex, { rawLabel }] of old) {
    const places = [...labels.keys()].filter((place) => labels[place] === topicIndex);
    if (places.length > 0) kept.push(numbered(topicIndex, keywordsOf(comments, places), rawLabel));
  }
  for (const [place, label] of labels.entries()) {
    if (label < 0) labels[place] = nearest(comments[place], kept)?.topicIndex ?? -1;
  }
  const { faded = [], born: once = [] } = earlier.continuity ?? {};
  const highest = Math.max(-1, ...old.keys(), ...faded, ...once);
  const left = [...labels.keys()].filter((place) => (labels[place] ?? -1) < 0);
  const born = findTopics(comments, left, fewest, Math.max(0, most - kept.length)).map(({ keywords, members }, i) => {
    for (const place of members) labels[place] = highest + 1 + i;
    return numbered(highest + 1 + i, keywords);
  });
  return {
    labels,
    topics: [...kept, ...born],
    since: new Map([
      ...kept.map(({ topicIndex }) => [topicIndex, old.get(topicIndex)?.since ?? earlier.completedAt ?? now()] as const),
      ...born.map(({ topicIndex }) => [topicIndex, now()] as const),
    ]),
    continuity: {
      previous: name,
      kept: indicesOf(kept),
      born: indicesOf(born),
      faded: fadedOf([...old.keys()], indicesOf([...kept, ...born]), highest),
      moved: 0,
      shared: ids.filter((id, place) => before.has(id) && comments[place]?.size).length,
      refit: { advised: false, why: '' },
    },
  };
}

/** Says that no earlier result could be had. */
export function notContinued(topics: readonly NumberedTopic[]): Continuity {
  const refit = { advised: false, why: '' };
  return { previous: null, kept: [], born: indicesOf(topics), faded: [], moved: 0, shared: 0, refit };
}

/** Gives the topics that are gone, and the highest number ever used if no topic has it or a higher one. */
function fadedOf(old: number[], present: number[], highest: number): number[] {
  const gone = old.filter((topicIndex) => !present.includes(topicIndex));
  const isOver = highest > Math.max(-1, ...present) && !gone.includes(highest);
  return (isOver ? [...gone, highest] : gone).sort((one, other) => one - other);
}

function indicesOf(topics: readonly NumberedTopic[]): number[] {
  return topics.map(({ topicIndex }) => topicIndex).sort((one, other) => one - other);
}

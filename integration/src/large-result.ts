import type { CompletedResult, Drift, KnownTopic, PredictedResult, ResultModel } from './generated/contract';

/** What one part gave: the fit of the sample, or a prediction. */
export type LargePart = CompletedResult | PredictedResult;

/** What a part found, without its assignments. */
export interface PartSummary {
  part: number;
  comments: number;
  outlierCount: number;
  /** How its comments differ from the sample; the sample itself has none. */
  drift?: Drift;
}

/** All parts together. `sum(docCount) + outlierCount` is `comments`. */
export interface LargeCompleted {
  status: 'completed';
  comments: number;
  /** By falling `docCount`. */
  topics: KnownTopic[];
  outlierCount: number;
  parts: PartSummary[];
  model: ResultModel;
}

export interface LargeFailed {
  status: 'failed';
  part: number;
  error: string;
}
export type LargeResult = LargeCompleted | LargeFailed;

export function failed(part: number, error: string): LargeFailed {
  return { status: 'failed', part, error };
}

export function ofPart(part: number, result: LargePart): LargeCompleted {
  const { outlierCount } = result;
  const topics = result.topics.map(({ topicIndex, rawLabel, keywords, docCount }): KnownTopic => {
    return { topicIndex, rawLabel, keywords, docCount };
  });
  const comments = topics.reduce((sum, { docCount }) => sum + docCount, outlierCount);
  const { model } = result;
  if (model === undefined) throw new Error(`part ${part}: the worker kept no model; it is older than this client`);
  const drift = 'drift' in result ? { drift: result.drift } : {};
  const summary = { part, comments, outlierCount, ...drift };
  return { status: 'completed', comments, topics, outlierCount, parts: [summary], model };
}

/** Puts results together, of parts or of steps; gives the failed one if there is one, and null if there are none. */
export function together(results: (LargeResult | null)[]): LargeResult | null {
  const completed: LargeCompleted[] = [];
  for (const result of results) {
    if (result?.status === 'failed') return result;
    if (result) completed.push(result);
  }
  completed.sort((one, other) => firstPart(one) - firstPart(other));
  const [first] = completed;
  if (first === undefined) return null;
  const topics = new Map<number, KnownTopic>();
  for (const topic of completed.flatMap((result) => result.topics)) {
    const known = topics.get(topic.topicIndex);
    topics.set(topic.topicIndex, known ? { ...known, docCount: known.docCount + topic.docCount } : topic);
  }
  return {
    status: 'completed',
    comments: sum(completed.map((result) => result.comments)),
    topics: [...topics.values()].sort((a, b) => b.docCount - a.docCount || a.topicIndex - b.topicIndex),
    outlierCount: sum(completed.map((result) => result.outlierCount)),
    parts: completed.flatMap((result) => result.parts),
    model: first.model,
  };
}

function firstPart({ parts }: LargeCompleted): number {
  return parts[0]?.part ?? 0;
}

function sum(numbers: number[]): number {
  return numbers.reduce((one, other) => one + other, 0);
}

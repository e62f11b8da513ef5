import type { TopicModelTuneRequest, TunedResult } from '../generated/contract';
import { metricsOf, now, type Placed, sizesOf } from './placing';
import { version } from './version';

const MOST_TRIALS = 64;
const DEFAULT_GRID: Grid = { nr_topics: [5, 10, 20] };
/** A gain up to this may be chance. */
const NOISE = 0.02;

type Grid = NonNullable<NonNullable<TopicModelTuneRequest['params']>['grid']>;
type Settings = TunedResult['trials'][number]['params'];

/** Tries settings, the default first: `place` gives the topics of each, or the error of one that has none. */
export function tuned(grid: Grid | null | undefined, place: (settings: Settings) => Placed | string): TunedResult | undefined {
  const objectives: number[] = [];
  const trials = settingsOf(grid ?? DEFAULT_GRID).map((params): TunedResult['trials'][number] => {
    const placed = place(params);
    if (typeof placed === 'string') {
      objectives.push(-Infinity);
      return { params, inForce: params, error: placed };
    }
    const metrics = metricsOf(placed);
    const objective = rounded(metrics.topic_diversity - metrics.outlier_ratio);
    objectives.push(objective);
    const largestShare = rounded(Math.max(...sizesOf(placed).values()) / placed.ids.length);
    const topicCount = placed.topics.length;
    return { params, inForce: params, topicCount, largestShare, metrics, modularity: 0.5, stability: 0.9, objective };
  });
  const best = objectives.indexOf(Math.max(...objectives));
  const [byDefault = 0] = objectives;
  const top = objectives[best] ?? 0;
  if (!Number.isFinite(top)) return undefined;
  const gain = Number.isFinite(byDefault) ? rounded(top - byDefault) : rounded(top);
  const params = trials[best]?.params ?? {};
  const beatsDefault = gain > NOISE;
  return {
    version,
    status: 'completed',
    trials,
    best: { trial: best, params, beatsDefault, gain, noise: NOISE },
    advised: beatsDefault ? params : {},
    completedAt: now(),
  };
}

function settingsOf(grid: Grid): Settings[] {
  let all: Settings[] = [{}];
  for (const [name, values] of Object.entries(grid)) {
    all = all.flatMap((settings) => (values ?? []).map((value) => ({ ...settings, [name]: value })));
  }
  return [{}, ...all].slice(0, MOST_TRIALS);
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

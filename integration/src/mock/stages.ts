import type { Kind } from '../kinds';

const FIT = { neighbours: 5, reduce: 15, cluster: 65, represent: 70, evaluate: 95 };
const CHANGE = { validate: 0, load: 2, ...FIT, keep: 97 };
const STAGES: Partial<Record<Kind, Record<string, number>>> = {
  'topic-model': { validate: 0, ...FIT },
  'topic-model.update': CHANGE,
  'topic-model.predict': { validate: 0, load: 50, assign: 60 },
  'topic-model.rebuild': CHANGE,
  'topic-model.tune': { validate: 0, neighbours: 2, try: 5 },
};

/** Gives the worker's stages of a kind of job, and the percent at which each begins. */
export function stagesOf(kind: Kind, keepsModel: boolean): [stage: string, percent: number][] {
  const stages = STAGES[kind] ?? FIT;
  return Object.entries(kind === 'topic-model' && keepsModel ? { validate: 0, load: 3, ...FIT, keep: 98 } : stages);
}

/** Names the stage in which a job breaks if it is asked to. */
export function breakingStage(kind: Kind, keepsModel: boolean): string {
  const stages = stagesOf(kind, keepsModel);
  return stages[Math.floor(stages.length / 2)]?.[0] ?? '';
}

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

/** What the stages of a job depend on beside its kind. */
export interface Needs {
  /** Whether it keeps a model. */
  keepsModel: boolean;
  /** Whether an item has no embedding, so that the worker makes it. */
  embeds: boolean;
}

/** Reads what a job needs from its envelope, of which nothing is known. */
export function needsOf(data: unknown): Needs {
  const { model, items } = (data ?? {}) as { model?: unknown; items?: unknown };
  const rows: unknown[] = Array.isArray(items) ? items : [];
  const embeds = rows.some((item) => ((item ?? {}) as { embedding?: unknown }).embedding == null);
  return { keepsModel: Boolean(model), embeds };
}

/** Gives the worker's stages of a kind of job, and the percent at which each begins. */
export function stagesOf(kind: Kind, { keepsModel, embeds }: Needs): [stage: string, percent: number][] {
  const stages = Object.entries(
    kind === 'topic-model' && keepsModel ? { validate: 0, load: 3, ...FIT, keep: 98 } : (STAGES[kind] ?? FIT),
  );
  if (embeds) stages.splice(1, 0, ['embed', kind === 'topic-model.predict' ? 10 : 1]);
  return stages;
}

/** Names the stage in which a job breaks if it is asked to. */
export function breakingStage(kind: Kind, needs: Needs): string {
  const stages = stagesOf(kind, { ...needs, embeds: false });
  return stages[Math.floor(stages.length / 2)]?.[0] ?? '';
}

import { z } from 'zod';

export const OUTCOMES = ['complete', 'slow', 'fail', 'infrastructure', 'timeout', 'crash', 'stall'] as const;
/**
 * What becomes of a batch:
 * `complete`: topics; so it is without a wish. `slow`: topics, with five seconds in each stage.
 * `fail`: the job completes with `status: 'failed'`. `infrastructure`, `timeout`, `crash`: the attempt fails, and BullMQ
 * tries again. `stall`: the worker vanishes, and the job is taken again when its lock has run out.
 */
export type MockOutcome = (typeof OUTCOMES)[number];

/** What a job's `metadata.mock` asks of the mock worker: an outcome, or an outcome with its details. */
export type MockWish = MockOutcome | MockDetails;
export interface MockDetails {
  outcome?: MockOutcome | undefined;
  /** How many milliseconds each stage takes. */
  stageMs?: number | undefined;
  /** The `error` of the result, or the reason of the failed attempt. */
  error?: string | undefined;
  /** For how many attempts this holds; the next ones complete. All if left out, one for `stall`. */
  attempts?: number | undefined;
  /** False: an attempt that fails is the last one. */
  retry?: boolean | undefined;
}

const outcome = z.enum(OUTCOMES);
const details = z.strictObject({
  outcome: outcome.optional(),
  stageMs: z.number().gte(0).lte(600_000).optional(),
  error: z.string().min(1).max(1000).optional(),
  attempts: z.number().int().gte(1).optional(),
  retry: z.boolean().optional(),
});
const schema = z.union([outcome.transform((only): MockDetails => ({ outcome: only })), details]);

const SLOW_STAGE_MS = 5_000;
/** In the words of the worker. */
const ERRORS: Partial<Record<MockOutcome, string>> = {
  fail: 'BERTopic produced 0 topics',
  infrastructure: 'CUDA out of memory (OutOfMemoryError)',
  timeout: 'timed out after 300000 ms',
  crash: 'compute process died of SIGKILL (killed: out of memory?)',
};

export interface Wish {
  outcome: MockOutcome;
  error: string;
  stageMs: number | undefined;
  retry: boolean;
}

/** Reads a batch's wish for one of its attempts, which count from 1; gives what is wrong with it if it is none. */
export function wishOf(data: unknown, attempt: number, byDefault: MockOutcome = 'complete'): Wish | string {
  const metadata = (data as { metadata?: { mock?: unknown } | null } | null)?.metadata;
  const parsed = schema.safeParse(metadata?.mock ?? byDefault);
  if (!parsed.success) {
    return `Invalid envelope: metadata.mock: must be one of ${OUTCOMES.join(', ')}, or {outcome, stageMs, error, attempts, retry}`;
  }
  const { outcome: wanted = 'complete', stageMs, error, attempts, retry = true }: MockDetails = parsed.data;
  const lasts = attempts ?? (wanted === 'stall' ? 1 : Infinity);
  const now = attempt <= lasts ? wanted : 'complete';
  return {
    outcome: now,
    error: error ?? ERRORS[now] ?? '',
    stageMs: stageMs ?? (now === 'slow' ? SLOW_STAGE_MS : undefined),
    retry,
  };
}

/** Gives the reason of an attempt that is to fail in a stage, as the worker would give it; else undefined. */
export function reasonOf({ outcome: now, error }: Wish, stage: string): string | undefined {
  return now === 'infrastructure' || now === 'timeout' || now === 'crash' ? `${error} in stage ${stage}` : undefined;
}

import { z } from 'zod';
import { type Kind, requestSchemas, TOPIC_MODEL } from '../kinds';

const DIMENSIONS = 768;
const PACKED_CHARS = 4096;
const MAX_PLACES = 5;
const MAX_LENGTH = 1000;

export function kindOf(data: unknown): Kind {
  const type = (data as { type?: unknown } | null)?.type;
  return typeof type === 'string' && Object.hasOwn(requestSchemas, type) ? (type as Kind) : TOPIC_MODEL;
}

/** Checks an envelope by the Zod schema of its kind, and for ids that come twice; gives the contract's message, if any. */
export function flawOf(data: unknown): string | undefined {
  const kind = kindOf(data);
  const parsed = (requestSchemas[kind] as z.ZodType).safeParse(data);
  const issues = parsed.success ? [...lacking(data), ...twice(data)] : parsed.error.issues.map(({ path, message }) => `${placeOf(path)}: ${message}`);
  const [first] = issues;
  if (first === undefined) return undefined;
  const isLength = !parsed.success && parsed.error.issues.every(({ path }) => path[0] === 'items' && path[2] === 'embedding');
  const wrong = isLength ? wrongLength(data) : undefined;
  if (wrong !== undefined) return wrong;
  const more = issues.length > MAX_PLACES ? [`… and ${issues.length - MAX_PLACES} more`] : [];
  return `Invalid envelope: ${[...issues.slice(0, MAX_PLACES), ...more].join('; ')}`.slice(0, MAX_LENGTH);
}

/** Tells whether an embedding is the zero vector. */
export function isZero(embedding: unknown): boolean {
  if (typeof embedding === 'string') return /^A+$/.test(embedding);
  return Array.isArray(embedding) && embedding.every((number) => number === 0);
}

function twice(data: unknown): string[] {
  const seen = new Map<string, number>();
  const { items } = data as { items: { submissionId: string }[] };
  return items.flatMap(({ submissionId }, place) => {
    const first = seen.get(submissionId);
    if (first !== undefined) return [`items[${place}].submissionId: is already that of items[${first}]`];
    seen.set(submissionId, place);
    return [];
  });
}

/** An embedding may be left out only if the worker is asked to make it. */
function lacking(data: unknown): string[] {
  const { items, params } = data as { items: { embedding?: unknown }[]; params?: { embed_missing?: unknown } | null };
  if (params?.embed_missing === true) return [];
  return items.flatMap(({ embedding }, place) =>
    embedding === undefined || embedding === null ? [`items[${place}].embedding: is required`] : [],
  );
}

function wrongLength(data: unknown): string | undefined {
  const { items } = data as { items: { submissionId: string; embedding: unknown }[] };
  for (const [place, { submissionId, embedding }] of items.entries()) {
    const isPacked = typeof embedding === 'string';
    if (!isPacked && !Array.isArray(embedding)) return undefined;
    if (embedding.length === (isPacked ? PACKED_CHARS : DIMENSIONS)) continue;
    const length = isPacked ? Math.floor((embedding.length * 3) / 16) : embedding.length;
    return `Expected ${DIMENSIONS}-dim embeddings, got ${length} (items[${place}], submissionId "${submissionId.slice(0, 100)}")`;
  }
  return undefined;
}

function placeOf(path: PropertyKey[]): string {
  const place = path.reduce<string>(
    (sofar, part) => (typeof part === 'number' ? `${sofar}[${part}]` : `${sofar}${sofar && '.'}${String(part)}`),
    '',
  );
  return place || 'job.data';
}

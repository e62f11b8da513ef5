import { endianness } from 'node:os';
import type { TopicModelRequest } from './generated/contract';

type SentItem = TopicModelRequest['items'][number];
/** An item as the API has it: its embedding as numbers, or packed already; without one only with `embed_missing`. */
export type BatchItem = Omit<SentItem, 'embedding'> & {
  embedding?: readonly number[] | Float32Array | Float64Array | string | null;
};

/**
 * Packs an item's embedding as the base64 of little-endian float32 values: a quarter of the bytes in Redis, and the same
 * topics.
 *
 * An embedding that float32 cannot hold, or that has an entry that is no number, stays as it is: the worker names the entry.
 */
export function packed(item: BatchItem): SentItem {
  const { embedding } = item;
  if (embedding === undefined || embedding === null) return { ...item, embedding: null };
  if (typeof embedding === 'string') return { ...item, embedding };
  const floats = new Float32Array(embedding);
  const fits = floats.every((float, i) => Number.isFinite(float) && Number.isFinite(embedding[i]));
  return { ...item, embedding: fits ? base64(floats) : Array.from(embedding) };
}

/** Gives the base64 of little-endian floats, whose bytes may be changed for it. */
function base64(floats: Float32Array): string {
  const bytes = Buffer.from(floats.buffer);
  if (endianness() === 'BE') bytes.swap32();
  return bytes.toString('base64');
}

import type { TopicModelRequest } from './generated/contract';

type SentItem = TopicModelRequest['items'][number];
/** An item as the API has it: its embedding as numbers, or packed already. */
export type BatchItem = Omit<SentItem, 'embedding'> & { embedding: readonly number[] | Float32Array | Float64Array | string };

/**
 * Packs an item's embedding as the base64 of little-endian float32 values: a quarter of the bytes in Redis, and the same
 * topics.
 *
 * An embedding that float32 cannot hold, or that has an entry that is no number, stays as it is: the worker names the entry.
 */
export function packed(item: BatchItem): SentItem {
  const { embedding } = item;
  if (typeof embedding === 'string') return { ...item, embedding };
  const floats = Float32Array.from(embedding);
  const fits = floats.every(Number.isFinite) && (embedding as readonly unknown[]).every(Number.isFinite);
  return { ...item, embedding: fits ? base64(floats) : Array.from(embedding) };
}

function base64(floats: Float32Array): string {
  const view = new DataView(new ArrayBuffer(4 * floats.length));
  floats.forEach((number, i) => view.setFloat32(4 * i, number, true));
  return Buffer.from(view.buffer).toString('base64');
}

const KEPT_MS = 24 * 60 * 60 * 1000;

export interface Redis {
  get(key: string): Promise<string | null>;
  hget(key: string, field: string): Promise<string | null>;
  set(key: string, value: string, ...expiry: unknown[]): Promise<unknown>;
  del(key: string): Promise<number>;
}

/** Gives a queue's own connection, and the arguments that let a key expire: BullMQ 6 has both in another place. */
export async function redisOf(queue: object): Promise<{ redis: Redis; expiry: unknown[] }> {
  if ('getBackend' in queue) {
    const { client } = (queue as { getBackend(): { client: Promise<Redis> } }).getBackend();
    return { redis: await client, expiry: [{ PX: KEPT_MS }] };
  }
  return { redis: await (queue as { client: Promise<Redis> }).client, expiry: ['PX', KEPT_MS] };
}

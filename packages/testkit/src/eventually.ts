import { setTimeout as sleep } from 'node:timers/promises';

export type WaitOptions = { withinMs?: number; everyMs?: number };

/** Asks again and again until `holds`; fails with what was seen last. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T> | T,
  holds: (value: T) => boolean,
  { withinMs = 30_000, everyMs = 50 }: WaitOptions = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (performance.now() > deadline) {
      throw new Error(`after ${withinMs} ms still not: ${what}. Last seen: ${JSON.stringify(seen, undefined, 1)}`);
    }
    await sleep(everyMs);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';

/** The first look, in ms; then an eighth of the time that went by, at most a minute: who has run for an hour need not be written each second. */
const FIRST_MS = 3000;
const MOST_MS = 60_000;

/** Writes how long the log of a running attempt is, each time it grew since the last look. Ends with `signal`; never rejects. */
export async function noteLogSize(
  log: { readonly size: number },
  write: (size: number) => Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now();
  for (let written = 0; ;) {
    const wait = Math.min(MOST_MS, Math.max(FIRST_MS, (performance.now() - began) / 8));
    await sleep(wait, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return;
    if (log.size === written) continue;
    written = log.size;
    await write(written);
  }
}

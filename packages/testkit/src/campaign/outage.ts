import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunDocument } from '@das/core/mongo/documents';
import { Redis } from 'ioredis';
import { startDas } from '../das.ts';
import type { Das } from '../das.ts';
import { eventually } from '../eventually.ts';
import { LEDGER_SCRIPT, readLedger } from './ledger.ts';
import { startOwnServices } from './own-services.ts';
import type { OwnServices } from './own-services.ts';
import type { Accepted, Sort } from './submitters.ts';
import { judge } from './verdict.ts';

export type Outage = {
  service: 'redis' | 'mongo';
  /** `flush` empties Redis and takes no time. */
  how: 'kill' | 'freeze' | 'flush';
  forMs: number;
};
export type OutageOutcome = {
  breaches: string[];
  /** From the service's return until an attempt began; null when none had to. */
  resumedMs: number | null;
  losses: Record<string, number>;
};

const BACKOFF_MS = 6000;
/** A retry may start this much before its time (claim.ts). */
const EARLY_MS = 100;
/** Workers have to go on so soon after the service is back. */
const RESUME_MS = 30_000;

const QUICK: Sort = { modes: '-', seconds: 0.2, retries: 0, ends: 'completed' };
const RETRIED: Sort = { modes: 'fail', seconds: 0.1, retries: 1, ends: 'failed' };

/**
 * Takes Redis or MongoDB away from a DAS under load, with runs that run, that are queued, and whose retry waits; and looks whether each
 * ended as it had to, each backoff was kept, and work went on in time.
 */
export async function surviveOutage({ service, how, forMs }: Outage): Promise<OutageOutcome> {
  await using services = await startOwnServices();
  const stack = { mongodbUri: services.mongo.url, redisUrl: services.redis.url };
  await using das = await startDas({ stub: true, stack, workerEnv: { WORKER_CONCURRENCY: '3' } });
  const script = await das.putScript('driver.py', LEDGER_SCRIPT);
  const ledger = join(das.home, 'ledger');
  const accepted: Accepted[] = [];
  const submit = async (sort: Sort): Promise<string> => {
    const args = [ledger, String(sort.seconds), sort.modes];
    const run = await das.submit({ script, args, retries: { max: sort.retries, delayMs: BACKOFF_MS } });
    accepted.push({ id: run.id, sort, cancelled: false });
    return run.id;
  };

  const retried = [await submit(RETRIED), await submit(RETRIED)];
  for (const id of retried) await das.waitFor(id, ({ state }) => state === 'retrying');
  // One keeps a place through the outage; its own lease is MongoDB's matter, not Redis's.
  const long = await submit({ ...QUICK, seconds: forMs / 1000 + 3 });
  await das.waitFor(long, ({ phase }) => phase === 'running');
  for (let n = 0; n < 12; n += 1) await submit({ ...QUICK, seconds: 1 });
  await breakFor(services, { service, how, forMs }, async () => {
    // Without MongoDB nothing is accepted; without Redis everything is.
    if (service === 'redis') for (let n = 0; n < 3; n += 1) await submit(QUICK);
  });
  const back = das.db.clock.now().getTime();
  const breaches = await waitForAll(das, accepted);
  const stored = await das.db.runs.find().toArray();
  const resumedMs = resumed(stored, back);
  if (resumedMs !== null && resumedMs > RESUME_MS)
    breaches.push(`the next attempt began ${resumedMs} ms after the return`);
  breaches.push(...judge(accepted, stored, await readLedger(ledger)), ...stored.flatMap(earlyRetries));
  if (service === 'redis') breaches.push(...stored.flatMap((run) => (run.losses > 0 ? [`run ${run._id} was lost without need`] : []))); // prettier-ignore
  if (breaches.length > 0) breaches.push(das.logs);
  return { breaches, resumedMs, losses: lossesIn(stored) };
}

async function breakFor(
  { mongo, redis }: OwnServices,
  { service, how, forMs }: Outage,
  meanwhile: () => Promise<void>,
) {
  const target = service === 'redis' ? redis : mongo;
  if (how === 'flush') await flush(redis.url);
  else if (how === 'freeze') target.freeze();
  else await target.kill();
  const until = performance.now() + forMs;
  await meanwhile();
  await sleep(Math.max(0, until - performance.now()));
  if (how === 'freeze') target.thaw();
  else if (how === 'kill') await target.restart();
}

export async function flush(redisUrl: string): Promise<void> {
  const client = new Redis(redisUrl, { commandTimeout: 5000, retryStrategy: () => null });
  client.on('error', () => undefined); // told by the command
  try {
    await client.flushall();
  } finally {
    client.disconnect();
  }
}

async function waitForAll(das: Das, accepted: readonly Accepted[]): Promise<string[]> {
  const open = () => das.db.runs.countDocuments({ _id: { $in: accepted.map(({ id }) => id) }, finishedAt: null });
  return eventually('all runs have ended', open, (n) => n === 0, { withinMs: 120_000, everyMs: 250 }).then(
    () => [],
    (error: unknown) => [String(error)],
  );
}

/** Retries that began before their time. */
function earlyRetries(run: RunDocument): string[] {
  return run.attempts.slice(1).flatMap((attempt, index) => {
    const before = run.attempts[index];
    if (before?.state !== 'failed' || !before.finishedAt) return [];
    const gap = attempt.startedAt.getTime() - before.finishedAt.getTime();
    return gap < BACKOFF_MS - EARLY_MS ? [`run ${run._id}: attempt ${attempt.n} began ${gap} ms after a failure`] : [];
  });
}

function resumed(runs: readonly RunDocument[], back: number): number | null {
  const starts = runs.flatMap(({ attempts }) => attempts.map(({ startedAt }) => startedAt.getTime() - back));
  const after = starts.filter((ms) => ms >= 0);
  return after.length > 0 ? Math.min(...after) : null;
}

function lossesIn(runs: readonly RunDocument[]): Record<string, number> {
  const kinds = runs.flatMap(({ attempts }) => attempts.flatMap(({ loss }) => loss?.kind ?? []));
  return Object.fromEntries([...Map.groupBy(kinds, (kind) => kind)].map(([kind, all]) => [kind, all.length]));
}

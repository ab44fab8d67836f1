import { setTimeout as sleep } from 'node:timers/promises';
import type { Crew } from './crew.ts';
import { flush } from './outage.ts';
import type { OwnServices } from './own-services.ts';
import type { Random } from './random.ts';

type Field = { crew: Crew; services: OwnServices; random: Random };

/** Each breaks one thing, and resolves when it is whole again (a worker that was frozen or killed: when that is on its way). */
const FAULTS = {
  'kill -9 a worker': ({ crew, random }) => {
    const worker = random.pick(crew.workers);
    if (!worker) return;
    crew.kill(worker);
    crew.addWorker();
  },
  'freeze a worker': ({ crew, random }) => {
    const worker = random.pick(crew.workers);
    if (worker) crew.freeze(worker, random.between(1000, 14_000));
  },
  'SIGTERM to a worker': ({ crew, random }) => {
    const worker = random.pick(crew.workers);
    if (!worker) return;
    void crew.drain(worker).catch((error: unknown) => crew.breaches.push(String(error)));
    crew.addWorker();
  },
  'kill -9 the API': ({ crew }) => {
    if (!crew.api) return;
    crew.killApi();
    crew.addApi();
  },
  'kill -9 Redis': async ({ services: { redis }, random }) => {
    await redis.kill();
    await sleep(random.between(0, 3000));
    await redis.restart();
  },
  'empty Redis': ({ services: { redis } }) => flush(redis.url),
  'freeze Redis': async ({ services: { redis }, random }) => {
    redis.freeze();
    await sleep(random.between(500, 5000));
    redis.thaw();
  },
  'kill -9 MongoDB': async ({ services: { mongo }, random }) => {
    await mongo.kill();
    await sleep(random.between(0, 2000));
    await mongo.restart();
  },
  'freeze MongoDB': async ({ services: { mongo }, random }) => {
    mongo.freeze();
    await sleep(random.between(500, 5000));
    mongo.thaw();
  },
} satisfies Record<string, (field: Field) => unknown>;

export type FaultName = keyof typeof FAULTS;

const WEIGHTS: readonly (readonly [number, FaultName])[] = [
  [4, 'kill -9 a worker'],
  [3, 'freeze a worker'],
  [2, 'SIGTERM to a worker'],
  [2, 'kill -9 the API'],
  [2, 'kill -9 Redis'],
  [1, 'empty Redis'],
  [1, 'freeze Redis'],
  [2, 'kill -9 MongoDB'],
  [1, 'freeze MongoDB'],
];

/** Breaks one thing after the other until `signal` says that it is enough; gives how often each was broken. */
export async function breakThings(field: Field, pauseMs: number, signal: AbortSignal): Promise<Map<FaultName, number>> {
  const counts = new Map<FaultName, number>();
  while (!signal.aborted) {
    // On a slow machine a start takes its time: without this, all that lived would be starting.
    await Promise.race([field.crew.started(), sleep(10_000)]);
    const name = field.random.weighted(WEIGHTS);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    await FAULTS[name](field);
    await sleep(field.random.between(0, 2 * pauseMs), undefined, { signal }).catch(() => undefined);
  }
  return counts;
}

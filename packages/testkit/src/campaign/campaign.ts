import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TERMINAL_RUN_STATES } from '@das/contracts/states';
import { startDas } from '../das.ts';
import type { Das } from '../das.ts';
import { eventually } from '../eventually.ts';
import { Crew } from './crew.ts';
import { breakThings } from './faults.ts';
import type { FaultName } from './faults.ts';
import { LEDGER_SCRIPT, readLedger } from './ledger.ts';
import { startOwnServices } from './own-services.ts';
import { Random } from './random.ts';
import { submitOne } from './submitters.ts';
import type { Accepted } from './submitters.ts';
import { judge } from './verdict.ts';

export type CampaignOptions = {
  seed: number;
  runs: number;
  /** Over which the runs are submitted; things are broken all that time. */
  forMs: number;
  workers?: number;
  say?: (line: string) => void;
};

export type Tally = {
  seed: number;
  accepted: number;
  states: Record<string, number>;
  attempts: number;
  losses: Record<string, number>;
  faults: Record<string, number>;
  /** From the first submit until the last run had ended. */
  tookMs: number;
  breaches: string[];
  /** What the processes said of the runs that breach. */
  evidence: string;
};

const LEASE_MS = 8000;
/** Everything is whole: so long the last run may take. */
const SETTLE_MS = 180_000;

/**
 * Submits runs while workers, Redis, MongoDB and the API are killed, frozen and started again at times that follow from the seed; then
 * lets all heal, waits until every run has ended and looks for what must not be. MongoDB and Redis are the campaign's own.
 */
export async function runCampaign(options: CampaignOptions): Promise<Tally> {
  await using services = await startOwnServices();
  const stack = { mongodbUri: services.mongo.url, redisUrl: services.redis.url };
  const env = { LEASE_MS: String(LEASE_MS), MAX_LOSSES: '1000', DRAIN_GRACE_MS: '1000', LOG_LEVEL: 'debug' };
  await using das = await startDas({ stub: true, api: 0, workers: 0, stack, env });
  const crew = new Crew(das);
  await crew.start(options.workers ?? 2);
  const began = performance.now();
  const random = new Random(options.seed);

  const enough = new AbortController();
  const pauseMs = Math.min(1500, options.forMs / 15);
  const breaking = breakThings({ crew, services, random: new Random(options.seed + 1) }, pauseMs, enough.signal);
  breaking.catch(() => enough.abort());
  const { accepted, refused } = await submitAll(das, crew, random, options);
  const say = options.say ?? (() => undefined);
  enough.abort();
  say(`${accepted.length} runs accepted, ${refused.length} not`);
  const faults = await breaking;
  say(`broken: ${JSON.stringify(Object.fromEntries(faults))}`);
  await heal(crew, options.workers ?? 2);
  say('healed');
  await waitForEnds(das, accepted.length, say);
  const tookMs = Math.round(performance.now() - began);

  const breaches = [...refused, ...crew.breaches, ...(await judgeTwice(das, accepted))];
  crew.dismiss();
  return { ...(await tallyOf(das, faults)), seed: options.seed, accepted: accepted.length, tookMs, breaches, evidence: evidenceOf(das, breaches) }; // prettier-ignore
}

async function submitAll(
  das: Das,
  crew: Crew,
  random: Random,
  { runs, forMs, seed }: CampaignOptions,
): Promise<{ accepted: Accepted[]; refused: string[] }> {
  const script = await das.putScript('driver.py', LEDGER_SCRIPT);
  const ledger = join(das.home, 'ledger');
  const submitting: Promise<Accepted>[] = [];
  for (let n = 0; n < runs; n += 1) {
    const one = submitOne(crew, random, { key: `${seed}-${n}`, script, ledger });
    one.catch(() => undefined); // told below
    submitting.push(one);
    await sleep(random.between(0, (2 * forMs) / runs));
  }
  const outcomes = await Promise.allSettled(submitting);
  return {
    accepted: outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])),
    refused: outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [`a submit failed: ${outcome.reason}`] : [],
    ),
  };
}

async function heal(crew: Crew, workers: number): Promise<void> {
  await crew.settled();
  while (crew.workers.length < workers) {
    crew.addWorker();
    await crew.settled();
  }
}

async function waitForEnds(das: Das, count: number, say: (line: string) => void): Promise<void> {
  const ended = () => das.db.runs.countDocuments({ state: { $in: [...TERMINAL_RUN_STATES] } });
  say(`${await ended()} of ${count} have ended`);
  // Not ended in time is a breach that `judge` tells, run by run.
  await eventually(`${count} runs have ended`, ended, (n) => n >= count, { withinMs: SETTLE_MS, everyMs: 500 }).catch(
    () => undefined,
  );
}

/** Terminal is for ever: a while later all must be as it was. */
async function judgeTwice(das: Das, accepted: readonly Accepted[]): Promise<string[]> {
  const read = () => das.db.runs.find().toArray();
  const before = await read();
  const found = judge(accepted, before, await readLedger(join(das.home, 'ledger')));
  await sleep(LEASE_MS / 2);
  const after = new Map((await read()).map((run) => [run._id, run]));
  const changed = before.filter(
    ({ _id, state, seq }) => after.get(_id)?.state !== state || after.get(_id)?.seq !== seq,
  );
  return [...found, ...changed.map(({ _id }) => `run ${_id} changed after its end`)];
}

async function tallyOf(das: Das, faults: Map<FaultName, number>) {
  const runs = await das.db.runs.find().toArray();
  const attempts = runs.flatMap((run) => run.attempts);
  const count = (names: string[]) => Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length])); // prettier-ignore
  return {
    states: count(runs.map(({ state }) => state)),
    attempts: attempts.length,
    losses: count(attempts.flatMap(({ loss }) => (loss ? [loss.kind] : []))),
    faults: Object.fromEntries(faults),
  };
}

function evidenceOf(das: Das, breaches: readonly string[]): string {
  const ids = new Set(breaches.flatMap((breach) => /run (\w{26})/.exec(breach)?.[1] ?? []));
  return [...ids].flatMap((id) => ['', ...das.logs.split('\n').filter((line) => line.includes(id))]).join('\n');
}

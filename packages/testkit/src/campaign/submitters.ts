import { setTimeout as sleep } from 'node:timers/promises';
import type { Run } from '@das/contracts/run';
import { ProblemAnswered } from '../call.ts';
import type { CallOptions } from '../call.ts';
import type { Crew } from './crew.ts';
import type { Random } from './random.ts';

/** What a run of the campaign is, and how it has to end unless it is cancelled. */
export type Sort = { modes: string; seconds: number; retries: number; ends: 'completed' | 'failed' };
export type Accepted = { id: string; sort: Sort; cancelled: boolean };

const SORTS: readonly (readonly [number, Sort])[] = [
  [40, { modes: '-', seconds: 0.2, retries: 0, ends: 'completed' }],
  [20, { modes: '-', seconds: 1.5, retries: 0, ends: 'completed' }],
  [10, { modes: 'stubborn+family', seconds: 2, retries: 0, ends: 'completed' }],
  [5, { modes: 'stubborn', seconds: 6, retries: 1, ends: 'completed' }],
  [20, { modes: 'fail', seconds: 0.1, retries: 2, ends: 'failed' }],
  [5, { modes: 'fail+family', seconds: 0.5, retries: 0, ends: 'failed' }],
];
const CANCELS = 0.08;
/** An API may be away for so long, with all that has to come back first. */
const PATIENCE_MS = 120_000;

/** Submits one run of a random sort until it is accepted, always with the same Idempotency-Key; some are cancelled a little later. */
export async function submitOne(
  crew: Crew,
  random: Random,
  job: { key: string; script: string; ledger: string },
): Promise<Accepted> {
  const sort = random.weighted(SORTS);
  const cancelAfterMs = random.chance(CANCELS) ? random.between(0, 3000) : null;
  const priority = Math.floor(random.between(1, 8));
  const body = {
    script: job.script,
    args: [job.ledger, String(sort.seconds), sort.modes],
    retries: { max: sort.retries, delayMs: 500 },
    priority,
  };
  const options: CallOptions<'submitRun'> = { body, headers: { 'Idempotency-Key': job.key } };
  const run = await insist(crew, async (api) => (await api.call('submitRun', options)).body as Run);
  if (cancelAfterMs === null) return { id: run.id, sort, cancelled: false };
  await sleep(cancelAfterMs);
  const cancelled = await insist(crew, (api) =>
    api.call('cancelRun', { params: { id: run.id } }).then(
      () => true,
      (error: unknown) => {
        if (error instanceof ProblemAnswered && error.reply.problem.code === 'invalid_state') return false;
        throw error;
      },
    ),
  );
  return { id: run.id, sort, cancelled };
}

/** Tries until an API gives an answer other than "not now". */
async function insist<T>(crew: Crew, call: (api: NonNullable<Crew['api']>) => Promise<T>): Promise<T> {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      if (crew.api) return await call(crew.api);
    } catch (error) {
      if (error instanceof ProblemAnswered && error.reply.status < 500 && error.reply.status !== 409) throw error;
      if (performance.now() > until) throw error;
    }
    if (performance.now() > until) throw new Error('no API for too long');
    await sleep(200);
  }
}

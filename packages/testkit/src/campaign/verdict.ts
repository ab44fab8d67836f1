import { isTerminal } from '@das/contracts/states';
import type { RunDocument } from '@das/core/mongo/documents';
import { breaches } from './ledger.ts';
import type { Entry } from './ledger.ts';
import type { Accepted } from './submitters.ts';

/** Everything that the stored runs and the ledger say against the guarantees. */
export function judge(
  accepted: readonly Accepted[],
  stored: readonly RunDocument[],
  ledger: readonly Entry[],
): string[] {
  const byId = new Map(stored.map((run) => [run._id, run]));
  const known = new Set(accepted.map(({ id }) => id));
  return [
    ...breaches(ledger),
    ...accepted.flatMap((one) => {
      const run = byId.get(one.id);
      return run ? judgeRun(one, run, ledger) : [`run ${one.id} was accepted and is not stored`];
    }),
    ...stored.flatMap(({ _id }) => (known.has(_id) ? [] : [`run ${_id} is stored and nobody was told of it`])),
  ];
}

function judgeRun({ id, sort, cancelled }: Accepted, run: RunDocument, ledger: readonly Entry[]): string[] {
  const found: string[] = [];
  const say = (what: string) => found.push(`run ${id} (${sort.modes}): ${what}`);
  const ends = run.events.filter(({ to }) => isTerminal(to));
  if (!isTerminal(run.state)) say(`it is ${run.state}, not ended`);
  if (ends.length !== 1 || run.events.at(-1) !== ends[0]) say(`it ended ${ends.length} times`);
  if (cancelled ? run.state !== 'cancelled' : run.state !== sort.ends) say(`it is ${run.state}`);
  if (run.failures > sort.retries + 1) say(`${run.failures} failures with ${sort.retries} retries`);
  if (run.state === 'failed' && run.failures !== sort.retries + 1)
    say(`failed after ${run.failures} failures with ${sort.retries} retries: ${run.failure?.kind}`);
  const open = run.attempts.filter(({ state }) => state === 'running');
  if (open.length > 0) say(`${open.length} attempts are still open`);
  const completed = run.attempts.filter(({ state }) => state === 'completed');
  if (completed.length !== (run.state === 'completed' ? 1 : 0)) say(`${completed.length} completed attempts`);
  for (const { n } of completed) {
    const told = ledger.filter(({ runId, attempt, what }) => runId === id && attempt === n && what === 'end');
    if (told.length !== 1) say(`attempt ${n} is completed; its script ended ${told.length} times`);
  }
  return found;
}

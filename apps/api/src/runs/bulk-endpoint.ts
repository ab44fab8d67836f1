import type { BulkAnswer } from '@das/contracts/bulk';
import { LIMITS } from '@das/contracts/limits';
import type { Submitter } from '@das/contracts/primitives';
import { ROUTES } from '@das/contracts/routes';
import type { RunDocument } from '@das/core/mongo/documents';
import type { Idempotency } from '@das/core/mongo/idempotency';
import type { RunFilter } from '@das/core/mongo/run-condition';
import type { RunQuery } from '@das/core/mongo/run-query';
import { answerOnce } from '../http/answer-once.ts';
import type { Remember } from '../http/answer-once.ts';
import { ApiProblem, invalidRequest } from '../http/api-problem.ts';
import { implement } from '../http/implement.ts';
import type { Endpoint } from '../http/implement.ts';
import type { Cancellation } from './cancellation.ts';
import type { HdfsBounds } from '../http/deadline.ts';
import type { PreparedRun, Submission } from './submission.ts';

export type BulkParts = {
  query: RunQuery;
  submission: Submission;
  cancellation: Cancellation;
  idempotency: Idempotency;
};
type Item = BulkAnswer['items'][number];
type Which = { ids?: string[] | undefined; filter?: RunFilter | undefined };

/** Cancels, or runs again, many runs in one call. */
export function bulkEndpoint(parts: BulkParts): Endpoint {
  return implement(ROUTES.bulkRuns)(async ({ query: { dryRun }, body, caller, idempotency: call, bounds, log }) => {
    if (dryRun || body.dryRun) {
      const matched = await countMatched(parts.query, body);
      demandExpected(matched, body.expect);
      return { status: 200, body: { matched, items: [] } };
    }
    return answerOnce(parts.idempotency, call, async (remember) => {
      const ids = await matchedIds(parts.query, body);
      demandExpected(ids.length, body.expect);
      const answer = (items: Item[]) => ({ status: 200 as const, body: { matched: ids.length, items } });
      const items =
        body.action === 'cancel'
          ? await parts.cancellation.cancelMany(ids, caller.id)
          : await rerunMany(parts, ids, caller, bounds, (all, session) => remember(answer(all), session));
      if (body.action === 'cancel') await remember(answer(items));
      log.info({ action: body.action, runs: ids.length, submitter: caller.id }, 'Many runs were acted on');
      return answer(items);
    });
  });
}

async function countMatched(query: RunQuery, { ids, filter }: Which): Promise<number> {
  if (filter === undefined) return (await matchedIds(query, { ids })).length;
  return Object.values(await query.counts(filter)).reduce((sum, count) => sum + count, 0);
}

/** Throws ApiProblem for ids that there are not, and for a filter that names too many. */
async function matchedIds(query: RunQuery, { ids, filter }: Which): Promise<string[]> {
  if (ids !== undefined) {
    const states = await query.states(ids);
    const errors = ids.flatMap((id, index) =>
      states.has(id) ? [] : [{ path: `ids.${index}`, message: `there is no run ${id}` }],
    );
    if (errors.length > 0) throw new ApiProblem('not_found', `${errors.length} of these runs do not exist`, { errors });
    return [...new Set(ids)];
  }
  const found = await query.matching(filter ?? {}, LIMITS.bulkRuns + 1);
  if (found.length <= LIMITS.bulkRuns) return found.map(({ _id }) => _id);
  throw invalidRequest([{ path: 'filter', message: `names more than ${LIMITS.bulkRuns} runs: narrow it` }]);
}

function demandExpected(matched: number, expected: number | undefined): void {
  if (expected === undefined || matched === expected) return;
  throw new ApiProblem('invalid_state', `${matched} runs are matched now, not ${expected}: nothing was done`);
}

type RememberItems = (items: Item[], session?: Parameters<Remember>[1]) => Promise<void>;

/** Runs them again with what their files hold now; those whose files are not fit are told, the others are stored together. */
async function rerunMany(
  { query, submission }: BulkParts,
  ids: readonly string[],
  caller: Submitter,
  bounds: HdfsBounds,
  remember: RememberItems,
): Promise<Item[]> {
  const earlier = await query.completeInOrder(ids);
  const refused = new Map<string, Item>();
  const prepared = await prepareFit(submission, earlier, bounds, refused);
  const runs = await submission.document(prepared, { submittedBy: caller, launchId: null });
  const accepted = new Map(runs.map((run) => [run.rerunOf, run._id]));
  const items = ids.map((id): Item => {
    const runId = accepted.get(id);
    if (runId !== undefined) return { id, ok: true, runId };
    return refused.get(id) ?? { id, ok: false, code: 'not_found', detail: `there is no run ${id}` };
  });
  if (runs.length > 0) await submission.acceptTogether(runs, (session) => remember(items, session));
  else await remember(items);
  return items;
}

/** Prepares all; while some are at fault, without those. */
async function prepareFit(
  submission: Submission,
  earlier: readonly RunDocument[],
  bounds: HdfsBounds,
  refused: Map<string, Item>,
): Promise<PreparedRun[]> {
  for (let runs = earlier; ; runs = runs.filter(({ _id }) => !refused.has(_id))) {
    if (runs.length === 0) return [];
    try {
      return await submission.prepareReruns(runs, { pinned: false, at: (index) => `items.${index}` }, bounds);
    } catch (error) {
      if (!(error instanceof ApiProblem) || error.errors.length === 0) throw error;
      for (const { path, message } of error.errors) {
        const run = runs[Number(/^items\.(\d+)$/.exec(path)?.[1])];
        if (!run) throw error;
        refused.set(run._id, { id: run._id, ok: false, code: error.code, detail: message });
      }
    }
  }
}

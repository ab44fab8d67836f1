import type { Launch } from '@das/contracts/launch';
import type { LaunchRequest, RepairRequest } from '@das/contracts/run-request';
import { ROUTES } from '@das/contracts/routes';
import type { RunState } from '@das/contracts/states';
import { newId } from '@das/core/domain/ids';
import type { Database } from '@das/core/mongo/database';
import type { LaunchDocument } from '@das/core/mongo/documents';
import type { Idempotency } from '@das/core/mongo/idempotency';
import { ItemReplaced } from '@das/core/mongo/launch-store';
import type { LaunchStore } from '@das/core/mongo/launch-store';
import type { RunQuery } from '@das/core/mongo/run-query';
import { answerOnce } from '../http/answer-once.ts';
import { ApiProblem } from '../http/api-problem.ts';
import { keysetOf, presentPage } from '../http/cursor.ts';
import { implement } from '../http/implement.ts';
import type { Endpoint } from '../http/implement.ts';
import { planOf } from './launch-plan.ts';
import type { CommandRules } from './launch-plan.ts';
import type { Cancellation } from '../runs/cancellation.ts';
import { checkLaunchRequest, checkRerunRequest } from '../runs/request-rules.ts';
import type { RequestRules } from '../runs/request-rules.ts';
import type { RunView } from '../runs/run-view.ts';
import type { Submission } from '../runs/submission.ts';

export type LaunchParts = {
  db: Database;
  launches: LaunchStore;
  query: RunQuery;
  view: RunView;
  submission: Submission;
  cancellation: Cancellation;
  idempotency: Idempotency;
  rules: RequestRules;
  command: CommandRules;
};

export function launchEndpoints(parts: LaunchParts): Endpoint[] {
  return [createLaunch(parts), cancelLaunch(parts), repairLaunch(parts), ...readLaunches(parts)];
}

function createLaunch({ db, launches, submission, idempotency, rules, command }: LaunchParts): Endpoint {
  return implement(ROUTES.createLaunch)(async ({ query, body, caller, idempotency: call, bounds, log }) => {
    const requests = body.items.map((request, index) => ({ request, at: `items.${index}.` }));
    if (query.dryRun) {
      const prepared = await submission.prepare(requests, body.defaults, bounds);
      return { status: 200 as const, body: { items: prepared.map((run) => planOf(run, command)) } };
    }
    return answerOnce(idempotency, call, async (remember) => {
      const prepared = await submission.prepare(requests, body.defaults, bounds, caller.id);
      const id = newId();
      const runs = await submission.document(prepared, { submittedBy: caller, launchId: id });
      const launch: LaunchDocument = {
          _id: id, name: body.name ?? defaultName(body), createdAt: db.clock.now(), submittedBy: caller, items: runs.length, repairs: 0, finishedAt: null, counts: null,
        }; // prettier-ignore
      const created = { id, runs: runs.map((run) => ({ id: run._id, script: run.script.path })) };
      const reply = { status: 202 as const, body: created, headers: { Location: `/api/v1/launches/${id}` } };
      await submission.acceptTogether(runs, async (session) => {
        await launches.insert(launch, session);
        await remember(reply, session);
      });
      log.info({ launchId: id, runs: runs.length, submitter: caller.id }, 'A launch was accepted');
      return reply;
    });
  }, checkLaunchRequest(rules));
}

function defaultName({ items }: LaunchRequest): string {
  const [first] = items;
  return items.length === 1 && first ? first.script.slice(first.script.lastIndexOf('/') + 1) : `${items.length} runs`;
}

function cancelLaunch({ launches, cancellation, idempotency }: LaunchParts): Endpoint {
  return implement(ROUTES.cancelLaunch)(({ params, caller, idempotency: call, log }) =>
    answerOnce(idempotency, call, async (remember) => {
      if (!(await launches.find(params.id))) throw unknownLaunch(params.id);
      const items = await cancellation.cancelLaunch(params.id, caller.id);
      log.info({ launchId: params.id, runs: items.length, submitter: caller.id }, 'A launch was cancelled');
      const reply = { status: 202 as const, body: { id: params.id, matched: items.length, items } };
      await remember(reply);
      return reply;
    }),
  );
}

function repairLaunch({ launches, query, submission, idempotency, rules }: LaunchParts): Endpoint {
  return implement(ROUTES.repairLaunch)(
    ({ params: { id }, body: { only, version, overrides }, caller, idempotency: call, bounds, log }) =>
      answerOnce(idempotency, call, async (remember) => {
        if (!(await launches.find(id))) throw unknownLaunch(id);
        const states = REPAIRED[only];
        const newest = (await launches.newestRuns(id)).filter(({ state }) => states.includes(state));
        if (newest.length === 0)
          throw new ApiProblem('invalid_state', `no item of launch ${id} is ${states.join(' or ')} now`);
        const earlier = await query.completeInOrder(newest.map(({ _id }) => _id));
        const prepared = await submission.prepareReruns(earlier, { overrides, pinned: version === 'pinned' }, bounds);
        const runs = await submission.document(prepared, { submittedBy: caller, launchId: id });
        const added = runs.map((run) => ({ id: run._id, script: run.script.path, rerunOf: run.rerunOf as string }));
        const reply = { status: 202 as const, body: { id, runs: added } };
        await submission.acceptTogether(runs, async (session) => {
          await launches.reopen(id, runs, session).catch(tellReplaced);
          await remember(reply, session);
        });
        log.info({ launchId: id, runs: runs.length, submitter: caller.id }, 'A launch was repaired');
        return reply;
      }),
    checkRerunRequest(rules),
  );
}

const REPAIRED: Record<NonNullable<RepairRequest['only']>, readonly RunState[]> = {
  failed: ['failed'],
  cancelled: ['cancelled'],
  both: ['failed', 'cancelled'],
};

function tellReplaced(error: unknown): never {
  if (error instanceof ItemReplaced) throw new ApiProblem('invalid_state', error.message, { cause: error });
  throw error;
}

function readLaunches({ launches, query, view }: LaunchParts): Endpoint[] {
  return [
    implement(ROUTES.listLaunches)(async ({ query: page }) => {
      const { items, next } = await launches.list(keysetOf(page));
      const presented = await launches.present(items);
      return { status: 200, body: presentPage({ items: presented, next }, (launch) => launch) };
    }),
    implement(ROUTES.getLaunch)(async ({ params }) => {
      const launch = await launches.find(params.id);
      if (!launch) throw unknownLaunch(params.id);
      const [presented] = (await launches.present([launch])) as [Launch];
      return { status: 200, body: presented };
    }),
    implement(ROUTES.listLaunchRuns)(async ({ params, query: page }) => {
      if (!(await launches.find(params.id))) throw unknownLaunch(params.id);
      const { items, next } = await query.list({ launch: params.id }, keysetOf(page));
      const summaries = await view.summaries(items);
      return { status: 200, body: presentPage({ items: summaries, next }, (run) => run) };
    }),
  ];
}

function unknownLaunch(id: string): ApiProblem {
  return new ApiProblem('not_found', `there is no launch ${id}`);
}

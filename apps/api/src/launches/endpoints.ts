import type { Launch } from '@das/contracts/launch';
import type { LaunchRequest } from '@das/contracts/run-request';
import { ROUTES } from '@das/contracts/routes';
import { newId } from '@das/core/domain/ids';
import type { Database } from '@das/core/mongo/database';
import type { LaunchDocument } from '@das/core/mongo/documents';
import type { Idempotency } from '@das/core/mongo/idempotency';
import type { LaunchStore } from '@das/core/mongo/launch-store';
import type { RunQuery } from '@das/core/mongo/run-query';
import { answerOnce } from '../http/answer-once.ts';
import { ApiProblem } from '../http/api-problem.ts';
import { keysetOf, presentPage } from '../http/cursor.ts';
import { implement } from '../http/implement.ts';
import type { Endpoint } from '../http/implement.ts';
import type { Cancellation } from '../runs/cancellation.ts';
import { checkLaunchRequest } from '../runs/request-rules.ts';
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
};

export function launchEndpoints(parts: LaunchParts): Endpoint[] {
  return [createLaunch(parts), cancelLaunch(parts), ...readLaunches(parts)];
}

function createLaunch({ db, launches, submission, idempotency, rules }: LaunchParts): Endpoint {
  return implement(ROUTES.createLaunch)(
    ({ body, caller, idempotency: call, bounds, log }) =>
      answerOnce(idempotency, call, async (remember) => {
        const requests = body.items.map((request, index) => ({ request, at: `items.${index}.` }));
        const prepared = await submission.prepare(requests, body.defaults, bounds);
        const id = newId();
        const runs = await submission.document(prepared, { submittedBy: caller, launchId: id });
        const launch: LaunchDocument = {
          _id: id, name: body.name ?? defaultName(body), createdAt: db.clock.now(), submittedBy: caller, items: runs.length, finishedAt: null, counts: null,
        }; // prettier-ignore
        const created = { id, runs: runs.map((run) => ({ id: run._id, script: run.script.path })) };
        const reply = { status: 202 as const, body: created, headers: { Location: `/api/v1/launches/${id}` } };
        await submission.acceptTogether(runs, async (session) => {
          await launches.insert(launch, session);
          await remember(reply, session);
        });
        log.info({ launchId: id, runs: runs.length, submitter: caller.id }, 'A launch was accepted');
        return reply;
      }),
    checkLaunchRequest(rules),
  );
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

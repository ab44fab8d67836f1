import type { Causes } from '@das/contracts/causes';
import type { Run } from '@das/contracts/run';
import { LIMITS } from '@das/contracts/limits';
import { ROUTES } from '@das/contracts/routes';
import { Convoy } from '@das/core/domain/convoy';
import type { RunDocument } from '@das/core/mongo/documents';
import type { Idempotency } from '@das/core/mongo/idempotency';
import { presentEvent } from '@das/core/mongo/present-run';
import type { RunFilter } from '@das/core/mongo/run-condition';
import type { Buckets, RunQuery } from '@das/core/mongo/run-query';
import type { RunStore } from '@das/core/mongo/run-store';
import { acceptOnce, answerOnce } from '../http/answer-once.ts';
import { ApiProblem, invalidRequest } from '../http/api-problem.ts';
import { keysetOf, presentPage } from '../http/cursor.ts';
import { implement } from '../http/implement.ts';
import type { Endpoint } from '../http/implement.ts';
import type { Cancellation } from './cancellation.ts';
import { checkRerunRequest, checkRunRequest } from './request-rules.ts';
import type { RequestRules } from './request-rules.ts';
import type { RunView } from './run-view.ts';
import type { Submission } from './submission.ts';

/** What takes longer waits for something that the next ones need not wait for: a script that is read from HDFS, say. Milliseconds. */
const CONVOY_MS = 50;

export type RunParts = {
  runs: RunStore;
  query: RunQuery;
  /** Failed runs by cause. */
  causes: (filter: RunFilter) => Promise<Causes>;
  view: RunView;
  submission: Submission;
  cancellation: Cancellation;
  idempotency: Idempotency;
  rules: RequestRules;
};

export function runEndpoints(parts: RunParts): Endpoint[] {
  return [submitRun(parts), rerunRun(parts), cancelRun(parts), ...readRuns(parts), ...countRuns(parts)];
}

function submitRun({ submission, idempotency, view, rules }: RunParts): Endpoint {
  const convoy = new Convoy(CONVOY_MS);
  return implement(ROUTES.submitRun)(({ body, caller, idempotency: call, bounds, log }) => {
    const prepare = async () => {
      const prepared = await submission.prepare([{ request: body, at: '' }], undefined, bounds, caller.id);
      const [run] = (await submission.document(prepared, { submittedBy: caller, launchId: null })) as [RunDocument];
      return { run, reply: () => acceptedRun(view, run) };
    };
    const accept = async (run: RunDocument) => {
      await submission.acceptOne(run, bounds.signal);
      log.info({ runId: run._id, script: run.script.path, submitter: caller.id }, 'A run was accepted');
    };
    return convoy.ride(() => acceptOnce(idempotency, call, prepare, accept));
  }, checkRunRequest(rules));
}

function rerunRun({ runs, submission, idempotency, view, rules }: RunParts): Endpoint {
  return implement(ROUTES.rerunRun)(({ params, body, caller, idempotency: call, bounds, log }) => {
    const prepare = async () => {
      const earlier = await runs.find(params.id);
      if (!earlier) throw unknownRun(params.id);
      const again = { overrides: body?.overrides, pinned: body?.version === 'pinned' };
      const prepared = await submission.prepareReruns([earlier], again, bounds);
      const [run] = (await submission.document(prepared, { submittedBy: caller, launchId: null })) as [RunDocument];
      return { run, reply: () => acceptedRun(view, run) };
    };
    return acceptOnce(idempotency, call, prepare, async (run) => {
      await submission.acceptOne(run, bounds.signal);
      log.info({ runId: run._id, rerunOf: run.rerunOf, submitter: caller.id }, 'A re-run was accepted');
    });
  }, checkRerunRequest(rules));
}

async function acceptedRun(view: RunView, run: RunDocument) {
  const [body] = (await view.complete([run])) as [Run];
  return { status: 202 as const, body, headers: { Location: `/api/v1/runs/${run._id}` } };
}

function cancelRun({ cancellation, idempotency, view }: RunParts): Endpoint {
  return implement(ROUTES.cancelRun)(({ params, caller, idempotency: call, log }) =>
    answerOnce(idempotency, call, async (remember) => {
      const result = await cancellation.cancel(params.id, caller.id);
      if (result.outcome === 'not_found') throw unknownRun(params.id);
      if (result.outcome === 'ended') {
        throw new ApiProblem(
          'invalid_state',
          `run ${params.id} is ${result.run.state}: it cannot be cancelled any more`,
        );
      }
      const status = result.outcome === 'already' ? (200 as const) : (202 as const);
      if (status === 202)
        log.info({ runId: params.id, submitter: caller.id }, `Cancel: the run is ${result.run.state}`);
      const reply = { status, body: await view.single(result.run) };
      await remember(reply);
      return reply;
    }),
  );
}

function readRuns({ runs, query, view }: RunParts): Endpoint[] {
  return [
    implement(ROUTES.listRuns)(async ({ query: { limit, cursor, ...filter } }) => {
      const { items, next } = await query.list(filter, keysetOf({ limit, cursor }));
      const summaries = await view.summaries(items);
      return { status: 200, body: presentPage({ items: summaries, next }, (run) => run) };
    }),
    implement(ROUTES.getRun)(async ({ params }) => {
      const run = await runs.find(params.id);
      if (!run) throw unknownRun(params.id);
      return { status: 200, body: await view.single(run) };
    }),
    implement(ROUTES.getRunEvents)(async ({ params }) => {
      const run = await runs.find(params.id);
      if (!run) throw unknownRun(params.id);
      return { status: 200, body: { items: run.events.map(presentEvent), nextCursor: null } };
    }),
  ];
}

function countRuns({ query, causes }: RunParts): Endpoint[] {
  return [
    implement(ROUTES.countRuns)(async ({ query: filter }) => ({ status: 200, body: await query.counts(filter) })),
    implement(ROUTES.getRunCauses)(async ({ query: filter }) => ({ status: 200, body: await causes(filter) })),
    implement(ROUTES.getRunHistogram)(async ({ query: { from, to, bucketMs, ...filter } }) => {
      const span = { from: new Date(from), to: new Date(to), bucketMs };
      const starts = bucketStarts(span);
      const counted = await query.histogram(filter, span);
      const countsAt = new Map(counted.map(({ at, counts }) => [at.getTime(), counts]));
      const buckets = starts.map((at) => ({ at: new Date(at).toISOString(), counts: countsAt.get(at) ?? {} }));
      return { status: 200, body: { buckets } };
    }),
  ];
}

/** Where each bucket begins (Unix milliseconds). Throws ApiProblem for none, and for too many. */
function bucketStarts({ from, to, bucketMs }: Buckets): number[] {
  const span = to.getTime() - from.getTime();
  if (span <= 0) throw invalidRequest([{ path: 'query.to', message: 'must be after from' }]);
  const count = Math.ceil(span / bucketMs);
  if (count > LIMITS.histogramBuckets) {
    const message = `makes ${count} buckets of this span; at most ${LIMITS.histogramBuckets}`;
    throw invalidRequest([{ path: 'query.bucketMs', message }]);
  }
  return Array.from({ length: count }, (_, index) => from.getTime() + index * bucketMs);
}

export function unknownRun(id: string): ApiProblem {
  return new ApiProblem('not_found', `there is no run ${id}`);
}

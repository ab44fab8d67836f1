import type { Attempt, Run, RunEvent, RunResult, RunSummary, Waiting } from '@das/contracts/run';
import type { WaitingReason } from '@das/contracts/states';
import type { AttemptDocument, EventDocument, ResultDocument, RunDocument, WaitingDocument } from './documents.ts';
import { fromPairs } from './new-run.ts';
import type { Crew } from './worker-registry.ts';

/** What a run's presentation depends on besides the run. */
export type Surroundings = {
  crew: Crew;
  /** MongoDB's time: what a delay is compared with. */
  now: Date;
  /** Runs that go before this one; single-run reads only. */
  position?: number | undefined;
};

/** A stored run as lists and sockets give it. */
export function presentSummary(run: RunDocument, surroundings: Surroundings): RunSummary {
  const waiting = presentWaiting(run, surroundings);
  const attempt = runningAttempt(run);
  return {
    id: run._id,
    script: { path: run.script.path, sha256: run.script.sha256, size: run.script.size },
    version: run.version,
    args: run.args,
    conf: fromPairs(run.conf),
    pyFiles: run.manifest.filter(({ role }) => role === 'pyFile').map(({ path }) => path),
    files: run.manifest.filter(({ role }) => role === 'file').map(({ path }) => path),
    target: run.target,
    labels: fromPairs(run.labels),
    launchId: run.launchId,
    rerunOf: run.rerunOf,
    submittedBy: run.submittedBy,
    state: run.state,
    seq: run.seq,
    priority: run.priority,
    retries: run.retries,
    timeoutMs: run.timeoutMs,
    startup: run.startup ?? 'standard',
    failures: run.failures,
    losses: run.losses,
    drifted: run.drifted,
    ...(waiting && { waiting }),
    ...(run.nextAttemptAt && { nextAttemptAt: run.nextAttemptAt.toISOString() }),
    createdAt: run.createdAt.toISOString(),
    startedAt: run.startedAt?.toISOString() ?? null,
    finishedAt: run.finishedAt?.toISOString() ?? null,
    durationMs: run.startedAt && run.finishedAt && Math.max(0, run.finishedAt.getTime() - run.startedAt.getTime()),
    ...(run.result && { result: presentResult(run.result) }),
    ...(run.failure && { failure: run.failure }),
    attemptCount: run.attemptCount,
    phase: attempt?.phase ?? null,
    ...(attempt?.progress && { progress: attempt.progress }),
    workerId: run.workerId,
  };
}

function presentResult({ json, ...result }: ResultDocument): RunResult {
  return json === undefined ? result : { ...result, value: JSON.parse(json) as NonNullable<RunResult['value']> };
}

/** A stored run with its attempts. */
export function presentRun(run: RunDocument, surroundings: Surroundings): Run {
  return { ...presentSummary(run, surroundings), attempts: run.attempts.map(presentAttempt) };
}

function runningAttempt(run: RunDocument): AttemptDocument | undefined {
  const last = run.attempts.at(-1);
  return last?.state === 'running' ? last : undefined;
}

/** What is stored, else what the surroundings say; only of a run that waits. */
function presentWaiting(run: RunDocument, surroundings: Surroundings): Waiting | undefined {
  if (run.state !== 'queued' && run.state !== 'retrying') return undefined;
  const { position } = surroundings;
  const { reason, since, detail } = storedReason(run, surroundings.now) ?? waitingBySurroundings(run, surroundings);
  return { reason, since: since.toISOString(), detail, ...(position === undefined ? {} : { position }) };
}

type Waits = Pick<RunDocument, 'waiting' | 'nextAttemptAt'>;

/** Why a run that waits does so: what is stored, else what the workers say. */
export function waitingReason(run: Waits, { crew, now }: Surroundings): WaitingReason {
  const stored = storedReason(run, now);
  if (stored) return stored.reason;
  if (crew.resting?.lacksHdfs) return 'hdfs_unavailable';
  return crew.alive && !crew.resting ? 'workers_busy' : 'no_worker';
}

/** A delay that is over holds nothing up any more. */
function storedReason({ waiting, nextAttemptAt }: Waits, now: Date): WaitingDocument | null {
  const isOver = waiting?.reason === 'backoff' && nextAttemptAt !== null && nextAttemptAt <= now;
  return isOver ? null : waiting;
}

/** Whether what a run waits for is a place. */
export function waitsForPlace(run: RunDocument, now: Date): boolean {
  return run.state === 'queued' || (run.state === 'retrying' && storedReason(run, now) === null);
}

function waitingBySurroundings(run: RunDocument, surroundings: Surroundings): WaitingDocument {
  const since = run.nextAttemptAt ?? run.attempts.at(-1)?.finishedAt ?? run.createdAt;
  const reason = waitingReason(run, surroundings);
  return { reason, since, detail: detailOf(surroundings.crew) };
}

function detailOf({ alive, resting }: Crew): string {
  if (resting) return `No worker takes runs now. ${resting.why}`;
  return alive ? 'It starts as soon as a worker has a free place.' : 'No worker is alive: start one.';
}

function presentAttempt(attempt: AttemptDocument): Attempt {
  const {
    n,
    state,
    phase,
    claims,
    exitCode,
    signal,
    failure,
    loss,
    sparkAppId,
    trackingUrl,
    progress,
    stopping,
    logSize,
    command,
  } = attempt;
  return {
    n,
    state,
    phase,
    claims: claims.map(({ workerId, from, to }) => ({
      workerId,
      from: from.toISOString(),
      to: to?.toISOString() ?? null,
    })),
    startedAt: attempt.startedAt.toISOString(),
    submittedAt: attempt.submittedAt?.toISOString() ?? null,
    runningAt: attempt.runningAt?.toISOString() ?? null,
    finishedAt: attempt.finishedAt?.toISOString() ?? null,
    exitCode,
    signal,
    ...(failure && { failure }),
    ...(loss && { loss }),
    // The only target there is runs the driver where the worker is.
    deployMode: 'client',
    appTag: null,
    sparkAppId,
    trackingUrl,
    ...(progress && { progress }),
    ...(stopping && {
      stopping: { signalledAt: stopping.signalledAt.toISOString(), killAt: stopping.killAt.toISOString() },
    }),
    logSize,
    command,
  };
}

export function presentEvent({ at, actor, type, from, to, reason }: EventDocument): RunEvent {
  return { at: at.toISOString(), actor, type, from, to, reason };
}

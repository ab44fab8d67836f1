import type { Failure } from '@das/contracts/run';
import type { Stream } from '@das/contracts/states';
import { LIMITS } from '@das/contracts/limits';
import type { Logger } from '@das/core/logging/logger';
import type { AttemptDocument, ResultDocument, RunDocument } from '@das/core/mongo/documents';
import type { LeaseStore } from '@das/core/mongo/lease-store';
import type { LogStore } from '@das/core/mongo/log-store';
import { fromPairs } from '@das/core/mongo/new-run';
import type { RunStore } from '@das/core/mongo/run-store';
import { classifyFailure } from '@das/core/spark/classify-failure';
import { buildSubmitArgv } from '@das/core/spark/submit-command';
import type { SubmitCommand } from '@das/core/spark/submit-command';
import type { QuickStart } from '../spark-start/quick-start.ts';
import { AttemptLog } from '../logs/attempt-log.ts';
import type { Spool } from '../logs/spool.ts';
import { SpoolBroken, SpoolDiskFull } from '../logs/spool-errors.ts';
import { childEnvironment } from './child-environment.ts';
import { endingOfError, endingOfNoStart, endingOfStop, FILLED_THE_DISK } from './ending.ts';
import type { Ending } from './ending.ts';
import type { Places } from './fetch.ts';
import type { Hold } from './hold.ts';
import { AttemptStopped } from './hold.ts';
import { AttemptNotes } from './attempt-notes.ts';
import { Preparation } from './preparation.ts';
import type { PreparationContext, Prepared } from './preparation.ts';
import { runSupervised } from './watch.ts';
import type { ProcessEnd } from './watch.ts';
import { readResultFile } from './result-file.ts';
import { SpawnFailed, SupervisorLost } from './supervisor.ts';
import { supervisorMarks, sweepLeftovers } from './sweep.ts';
import type { AttemptMarks } from './sweep.ts';
import { Workspace } from './workspace.ts';

export type AttemptContext = PreparationContext & {
  runs: RunStore;
  leases: LeaseStore;
  logs: LogStore;
  /** The worker's own folder; each attempt gets one of its own in it. */
  directory: string;
  /** Absolute path of the Python that runs supervisor and scripts. */
  python: string;
  /** The worker's environment, of which the child sees an allow-list. */
  environment: NodeJS.ProcessEnv;
  sparkSubmit: string;
  master: string;
  propertiesFile: string | undefined;
  /** Null where it is turned off. */
  quickStart: QuickStart | null;
  killGraceMs: number;
};

/** How long the rest of a log may wait for MongoDB after the attempt's end. */
const SHIP_MS = 600_000;
/** What of each stream a failure is classified by. */
const EVIDENCE_BYTES = 64 * 1024;

/** How it ended, and what else is known of the attempt and not written yet. */
type Outcome = { ending: Ending; known: Partial<AttemptDocument> };

/** Begins what an attempt needs; the command is known from then on. */
export function prepareAttempt(context: AttemptContext, run: RunDocument, n: number, log: Logger): Preparation {
  const onResidue = (error: unknown) => log.warn({ error }, 'the workspace could not be removed');
  return new Preparation(context, run.manifest, new Workspace(context.directory, run._id, n), onResidue);
}

type Stage = {
  preparation: Preparation;
  log: Logger;
  /** Called, and waited for, when the script has completed and nothing of it lives; not, where it ends in another way. */
  onCompleted: () => Promise<void>;
};

/** One attempt, from the claim to its end: fetch, submit, observe, finish. Never throws: an error is an ending, too. */
export async function executeAttempt(
  context: AttemptContext,
  run: RunDocument,
  hold: Hold,
  stage: Stage,
): Promise<Outcome> {
  const { preparation, log } = stage;
  const stop = () => preparation.stop(hold.signal.reason);
  hold.signal.addEventListener('abort', stop, { once: true });
  try {
    if (run.losses > 0) await endFormerAttempts(run._id, hold.fencingToken, log);
    const prepared = await preparation.done;
    hold.signal.throwIfAborted();
    return await submitAndWatch(context, run, hold, prepared, stage);
  } catch (error) {
    if (!(error instanceof AttemptStopped)) log.warn({ error }, 'the attempt could not be executed');
    await preparation[Symbol.asyncDispose](); // and with it whatever of the attempt lives
    const cause = hold.signal.aborted && !(error instanceof SpoolBroken) ? hold.signal.reason : error;
    return { ending: endingOfError(cause, await preparation.isStarted()), known: {} };
  } finally {
    // Nothing of the attempt lives any more. Its folder goes while its end is written; its owner waits for both.
    void preparation[Symbol.asyncDispose]();
  }
}

/**
 * A former holder on this machine may be frozen together with its supervisor: then nothing kept its deadline. We
 * hold the run now, so whatever carries an older token is ended first.
 */
async function endFormerAttempts(runId: string, fencingToken: number, log: Logger): Promise<void> {
  const isFormer = (marks: AttemptMarks) =>
    marks.DAS_RUN_ID === runId && Number(marks.DAS_FENCING_TOKEN) < fencingToken;
  const ended = await sweepLeftovers(isFormer, { graceMs: 0, evenGoverned: true });
  if (ended.length > 0) log.warn({ pids: ended }, 'ended what a former holder of the run had left alive');
}

async function submitAndWatch(
  context: AttemptContext,
  run: RunDocument,
  hold: Hold,
  prepared: Prepared,
  { preparation, log, onCompleted }: Stage,
): Promise<Outcome> {
  const { workspace } = preparation;
  const { supervisor } = prepared;
  const submit = submitCommandOf(context, run, preparation.places);
  const argv = buildSubmitArgv(submit);
  await noteChangedIntent(context, run, hold, { argv, drifted: prepared.fetched.drifted }, log);

  const notes = new AttemptNotes(context, run.script.path, hold, log);
  let filledDisk = Promise.resolve(false);
  await using output = openLog(context, hold, notes, prepared.spool, log, () => {
    // Before the end: much of what a script has written goes with it.
    filledDisk = prepared.disk.isMostlyIts().finally(() => hold.stop('disk_full'));
  });
  output.follow(supervisor);
  notes.followLog(output);
  const env = childEnvironment(context.environment, { hold, workspace, python: context.python });
  const execute = context.quickStart
    ? await context.quickStart.prepare(submit, env, workspace.scratch, run.startup ?? 'standard')
    : { argv, env };
  const marks = supervisorMarks(env);
  const order = { ...execute, cwd: workspace.scratch, killGraceMs: context.killGraceMs, marks };
  const unlisten = hold.onChange(() => {
    if (hold.reason === 'cancel' || hold.reason === 'timeout') notes.stopping(context.killGraceMs);
  });
  notes.submitting();
  const ending = runSupervised(supervisor, hold, order, run.timeoutMs, prepared.oomKilled);
  // Said once the supervisor has its word: a line to the console wakes whoever reads it.
  log.info({ script: run.script.path, attempt: hold.attempt }, 'attempt started');
  const end = await ending;
  unlisten();
  if (hasCompleted(end) && !output.failure) await onCompleted();
  notes.finishing(output.size);
  const { size, complete } = await output.close({ signal: AbortSignal.timeout(SHIP_MS) });
  if (!complete) log.error('the end of the log could not be stored');
  const known = { ...(await notes.close()), logSize: size };
  if (output.failure instanceof SpoolDiskFull && (await filledDisk)) return { ending: FILLED_THE_DISK, known };
  if (output.failure) throw output.failure;
  return { ending: await endingOf(context, run, hold, workspace, output, end), known };
}

/**
 * The intent is stored before anything starts, so that whoever finds the run later knows what may be running: with the claim. Where that
 * was another one's (a claim that MongoDB did not answer), or pinned copies run, it is told before the start.
 */
async function noteChangedIntent(
  context: AttemptContext,
  run: RunDocument,
  hold: Hold,
  { argv, drifted }: { argv: string[]; drifted: boolean },
  log: Logger,
): Promise<void> {
  const stored = run.attempts.find(({ n }) => n === hold.attempt)?.command ?? [];
  const isStored = stored.length === argv.length && stored.every((argument, index) => argument === argv[index]);
  if (isStored && !drifted) return;
  if (drifted) log.warn('a file has changed or gone since the run was accepted: the pinned copy runs');
  const held = await context.runs.noteAttempt(
    { runId: hold.runId, fencingToken: hold.fencingToken, n: hold.attempt },
    { command: argv },
    drifted ? { drifted } : {},
  );
  if (!held) hold.stop('superseded');
  hold.signal.throwIfAborted();
}

function openLog(
  context: AttemptContext,
  hold: Hold,
  notes: AttemptNotes,
  spool: Spool,
  log: Logger,
  onSpoolFailure: () => void,
): AttemptLog {
  return new AttemptLog(spool, {
    runId: hold.runId,
    attempt: hold.attempt,
    store: context.logs,
    now: () => context.db.clock.now(),
    onLine: { stderr: (line) => notes.sparkLine(line) },
    onFirstOutput: (stream) => (stream === 'stdout' ? notes.running() : undefined),
    onSpoolFailure,
    onShipFailure: (error) =>
      log.warn({ error }, error instanceof SpoolBroken ? 'the rest of the log is lost' : 'the log waits for MongoDB'),
  });
}

/** The exact argv of an attempt whose files lie in those places. */
export function commandOf(context: AttemptContext, run: RunDocument, places: Places): string[] {
  return buildSubmitArgv(submitCommandOf(context, run, places));
}

function submitCommandOf(context: AttemptContext, run: RunDocument, places: Places): SubmitCommand {
  return {
    sparkSubmit: context.sparkSubmit,
    master: context.master,
    propertiesFile: context.propertiesFile,
    conf: fromPairs(run.conf),
    pyFiles: places.pyFiles,
    files: places.files,
    appName: `das-${run._id}`,
    scriptPath: places.script,
    args: run.args,
  };
}

/** What the end of the processes means. `by` says who ended them; the exit code alone could not tell a cancel. */
async function endingOf(
  context: AttemptContext,
  run: RunDocument,
  hold: Hold,
  workspace: Workspace,
  output: AttemptLog,
  ended: ProcessEnd,
): Promise<Ending> {
  if (ended instanceof SupervisorLost) {
    if (ended.treeMayLive) {
      await sweepLeftovers((marks) => marks.DAS_RUN_ID === run._id && marks.DAS_ATTEMPT === String(hold.attempt), {
        graceMs: 0,
      });
    }
    return hold.reason && hold.reason !== 'timeout'
      ? endingOfStop(hold.reason, null)
      : endingOfError(ended, ended.treeMayLive);
  }
  const notStarted = ended instanceof SpawnFailed ? endingOfNoStart(ended) : null;
  if (notStarted) return notStarted;
  const spawnError = ended instanceof SpawnFailed ? ended.code : undefined;
  const exit = ended instanceof SpawnFailed ? { code: null, signal: null } : { code: ended.code, signal: ended.signal };
  const stopped = !(ended instanceof SpawnFailed) && ended.by !== 'none';
  if (stopped && hold.reason !== 'timeout') return endingOfStop(hold.reason ?? 'unrenewed', exit);

  const tail = output.tail('stdout', LIMITS.resultTailBytes);
  const result: ResultDocument = { exitCode: exit.code, tail, ...readResultFile(workspace.resultFile) };
  if (hasCompleted(ended)) return { kind: 'completed', exit, result };
  const failure: Failure = stopped
    ? {
        kind: 'timeout',
        summary: `The attempt took longer than its limit of ${(run.timeoutMs ?? 0) / 1000} s.`,
        excerpt: tail.slice(-2000),
      }
    : classifyFailure({
        exit: { ...exit, spawnError },
        oomKilled: !(ended instanceof SpawnFailed) && ended.oomKilled,
        stdout: evidence(output, 'stdout'),
        stderr: evidence(output, 'stderr'),
        sparkSubmit: context.sparkSubmit,
      });
  return { kind: 'failed', exit, result, failure };
}

function hasCompleted(end: ProcessEnd): boolean {
  return 'by' in end && end.by === 'none' && end.code === 0;
}

/** The beginning and the end of a stream, which is where errors stand. */
function evidence(output: AttemptLog, stream: Stream): string {
  const tail = output.tail(stream, EVIDENCE_BYTES);
  const head = output.head(stream, EVIDENCE_BYTES);
  return tail.startsWith(head) || head === tail ? tail : `${head}\n${tail}`;
}

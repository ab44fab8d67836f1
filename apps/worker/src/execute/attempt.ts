import type { Failure, RunResult } from '@das/contracts/run';
import type { Stream } from '@das/contracts/states';
import { LIMITS } from '@das/contracts/limits';
import type { Hdfs } from '@das/core/hdfs/client';
import type { Logger } from '@das/core/logging/logger';
import type { Database } from '@das/core/mongo/database';
import type { RunDocument } from '@das/core/mongo/documents';
import type { LeaseStore } from '@das/core/mongo/lease-store';
import type { LogStore } from '@das/core/mongo/log-store';
import { fromPairs } from '@das/core/mongo/new-run';
import type { RunStore } from '@das/core/mongo/run-store';
import { classifyFailure } from '@das/core/spark/classify-failure';
import { buildSubmitArgv } from '@das/core/spark/submit-command';
import { AttemptLog } from '../logs/attempt-log.ts';
import { SpoolBroken } from '../logs/spool-errors.ts';
import { childEnvironment } from './child-environment.ts';
import { endingOfError, endingOfStop } from './ending.ts';
import type { Ending } from './ending.ts';
import { fetchFiles } from './fetch.ts';
import type { Fetched } from './fetch.ts';
import type { Hold } from './hold.ts';
import { AttemptStopped } from './hold.ts';
import { AttemptNotes } from './attempt-notes.ts';
import { runSupervised } from './watch.ts';
import type { ProcessEnd } from './watch.ts';
import { readResultFile } from './result-file.ts';
import { launchSupervisor, SpawnFailed, SupervisorLost } from './supervisor.ts';
import type { Supervisor } from './supervisor.ts';
import { supervisorEnvironment, sweepLeftovers } from './sweep.ts';
import type { AttemptMarks } from './sweep.ts';
import { Workspace } from './workspace.ts';

export type AttemptContext = {
  db: Database;
  runs: RunStore;
  leases: LeaseStore;
  logs: LogStore;
  hdfs: Hdfs;
  /** The worker's own folder; each attempt gets one of its own in it. */
  directory: string;
  /** Absolute path of the Python that runs supervisor and scripts. */
  python: string;
  /** The worker's environment, of which the child sees an allow-list. */
  environment: NodeJS.ProcessEnv;
  sparkSubmit: string;
  master: string;
  propertiesFile: string | undefined;
  killGraceMs: number;
  logMaxBytes: number;
};

/** How long the rest of a log may wait for MongoDB after the attempt's end. */
const SHIP_MS = 600_000;
/** What of each stream a failure is classified by. */
const EVIDENCE_BYTES = 64 * 1024;

type Outcome = { ending: Ending; logSize: number };

/** One attempt, from the claim to its end: fetch, submit, observe, finish. Never throws: an error is an ending, too. */
export async function executeAttempt(
  context: AttemptContext,
  run: RunDocument,
  hold: Hold,
  log: Logger,
): Promise<Outcome> {
  const workspace = new Workspace(context.directory, run._id, hold.attempt);
  // Started ahead of need: it waits for the word while the files are fetched.
  const supervisor = launchSupervisor({
    python: context.python,
    env: supervisorEnvironment({
      DAS_RUN_ID: hold.runId,
      DAS_ATTEMPT: String(hold.attempt),
      DAS_FENCING_TOKEN: String(hold.fencingToken),
    }),
    log: (line) => log.warn(`supervisor: ${line}`),
  });
  try {
    if (run.losses > 0) await endFormerAttempts(run._id, hold.fencingToken, log);
    await workspace.make();
    const fetched = await fetchFiles(context, run.manifest, workspace, hold.signal);
    return await submitAndWatch(context, run, hold, { workspace, fetched, supervisor, log });
  } catch (error) {
    if (!(error instanceof AttemptStopped)) log.warn({ error }, 'the attempt could not be executed');
    return {
      ending: endingOfError(hold.signal.aborted && !(error instanceof SpoolBroken) ? hold.signal.reason : error),
      logSize: 0,
    };
  } finally {
    await supervisor[Symbol.asyncDispose]();
    await workspace[Symbol.asyncDispose]().catch((error: unknown) =>
      log.warn({ error }, 'the workspace could not be removed'),
    );
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

type Stage = { workspace: Workspace; fetched: Fetched; supervisor: Supervisor; log: Logger };

async function submitAndWatch(context: AttemptContext, run: RunDocument, hold: Hold, stage: Stage): Promise<Outcome> {
  const { workspace, fetched, supervisor, log } = stage;
  const argv = commandOf(context, run, fetched);
  // The intent is stored before anything starts: whoever finds the run later knows what may be running.
  const held = await context.runs.noteAttempt(
    { runId: hold.runId, fencingToken: hold.fencingToken, n: hold.attempt },
    { phase: 'submitting', command: argv, submittedAt: context.db.clock.now() },
    fetched.drifted ? { drifted: true } : {},
  );
  if (!held) hold.stop('superseded');
  hold.signal.throwIfAborted();
  if (fetched.drifted) log.warn('a file has changed or gone since the run was accepted: the pinned copy runs');

  const notes = new AttemptNotes(context, run.script.path, hold, log);
  await using output = await openLog(context, hold, workspace, notes, log);
  output.follow(supervisor);
  const env = childEnvironment(context.environment, { hold, workspace, python: context.python });
  const order = { argv, cwd: workspace.scratch, killGraceMs: context.killGraceMs, env };
  const unlisten = hold.onChange(() => {
    if (hold.reason === 'cancel' || hold.reason === 'timeout') notes.stopping(context.killGraceMs);
  });
  const end = await runSupervised(supervisor, hold, order, run.timeoutMs);
  unlisten();
  notes.finishing(output.size);
  const { size, complete } = await output.close({ signal: AbortSignal.timeout(SHIP_MS) });
  if (!complete) log.error('the end of the log could not be stored: MongoDB was away for too long');
  await notes.close();
  if (output.failure) throw output.failure;
  return { ending: await endingOf(context, run, hold, workspace, output, end), logSize: size };
}

function openLog(
  context: AttemptContext,
  hold: Hold,
  workspace: Workspace,
  notes: AttemptNotes,
  log: Logger,
): Promise<AttemptLog> {
  return AttemptLog.open({
    runId: hold.runId,
    attempt: hold.attempt,
    directory: workspace.logs,
    maxBytes: context.logMaxBytes,
    store: context.logs,
    now: () => context.db.clock.now(),
    onLine: { stderr: (line) => notes.sparkLine(line) },
    onFirstOutput: (stream) => (stream === 'stdout' ? notes.running() : undefined),
    onSpoolFailure: () => hold.stop('disk_full'),
    onShipFailure: (error) => log.warn({ error }, 'the log waits for MongoDB'),
  });
}

function commandOf(context: AttemptContext, run: RunDocument, fetched: Fetched): string[] {
  return buildSubmitArgv({
    sparkSubmit: context.sparkSubmit,
    master: context.master,
    propertiesFile: context.propertiesFile,
    conf: fromPairs(run.conf),
    pyFiles: fetched.pyFiles,
    files: fetched.files,
    appName: `das-${run._id}`,
    scriptPath: fetched.script,
    args: run.args,
  });
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
    return hold.reason && hold.reason !== 'timeout' ? endingOfStop(hold.reason, null) : endingOfError(ended);
  }
  const spawnError = ended instanceof SpawnFailed ? ended.code : undefined;
  const exit = ended instanceof SpawnFailed ? { code: null, signal: null } : { code: ended.code, signal: ended.signal };
  const stopped = !(ended instanceof SpawnFailed) && ended.by !== 'none';
  if (stopped && hold.reason !== 'timeout') return endingOfStop(hold.reason ?? 'unrenewed', exit);

  const tail = output.tail('stdout', LIMITS.resultTailBytes);
  const result: RunResult = { exitCode: exit.code, tail, ...(await readResultFile(workspace.resultFile)) };
  if (!stopped && exit.code === 0) return { kind: 'completed', exit, result };
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

/** The beginning and the end of a stream, which is where errors stand. */
function evidence(output: AttemptLog, stream: Stream): string {
  const tail = output.tail(stream, EVIDENCE_BYTES);
  const head = output.head(stream, EVIDENCE_BYTES);
  return tail.startsWith(head) || head === tail ? tail : `${head}\n${tail}`;
}

import type { RunCounts } from '@das/contracts/launch';
import type { Submitter } from '@das/contracts/primitives';
import type { Failure, Loss, Progress, RunResult } from '@das/contracts/run';
import type { RetryPolicy } from '@das/contracts/run-request';
import type {
  AttemptState,
  Phase,
  RunState,
  ScriptStatus,
  Stream,
  WaitingReason,
  WorkerState,
  Startup,
} from '@das/contracts/states';
import type { Binary } from 'mongodb';
import type { ManifestEntry } from '../domain/version.ts';

/** What is stored. Times are the server's (ServerClock); sizes bytes; durations milliseconds. */

/** A map as pairs: keys of Spark settings and labels hold dots and may hold `$`. */
export type Pair = { key: string; value: string };

export type AttemptDocument = {
  n: number;
  state: AttemptState;
  phase: Phase;
  claims: { workerId: string; from: Date; to: Date | null }[];
  startedAt: Date;
  submittedAt: Date | null;
  runningAt: Date | null;
  finishedAt: Date | null;
  exitCode: number | null;
  signal: string | null;
  failure?: Failure;
  loss?: Loss;
  sparkAppId: string | null;
  trackingUrl: string | null;
  progress?: Progress;
  stopping?: { signalledAt: Date; killAt: Date };
  logSize: number;
  command: string[];
};

export type EventDocument = {
  at: Date;
  actor: string;
  type: string;
  from: RunState | null;
  to: RunState;
  reason: string;
};

export type WaitingDocument = { reason: WaitingReason; since: Date; detail: string };

export type RunDocument = {
  _id: string;
  script: { path: string; sha256: string; size: number };
  version: string;
  /** The files of the version, the script first. */
  manifest: ManifestEntry[];
  args: string[];
  conf: Pair[];
  target: string;
  labels: Pair[];
  launchId: string | null;
  rerunOf: string | null;
  submittedBy: Submitter;
  state: RunState;
  seq: number;
  /** Raised by every claim and by every loss that the reconciler declares: a late write of an old holder matches nothing. */
  fencingToken: number;
  /** Raised when the run is enqueued anew: a job of an older epoch ends silently. */
  epoch: number;
  priority: number;
  /** Where the run stands in the fair queue. */
  order: { class: number; tag: number };
  retries: RetryPolicy;
  timeoutMs: number | null;
  /** Absent in runs from before there was a choice: standard. */
  startup?: Startup;
  failures: number;
  losses: number;
  /** Only these count towards MAX_LOSSES. */
  workerLosses: number;
  drifted: boolean;
  waiting: WaitingDocument | null;
  nextAttemptAt: Date | null;
  /** Who holds the run now. */
  workerId: string | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  result: ResultDocument | null;
  failure: Failure | null;
  attemptCount: number;
  attempts: AttemptDocument[];
  events: EventDocument[];
};

/** What MongoDB keeps as a document is less than what JSON can say (names with a NUL, `_bsontype`, deep lists): a value is kept as its text. */
export type ResultDocument = RunResult & {
  /** In the place of `value`, which only runs from before that have. */
  json?: string;
};

export type LaunchDocument = {
  _id: string;
  name: string;
  createdAt: Date;
  submittedBy: Submitter;
  items: number;
  /** How often runs were added to it: what was counted before the last time does not hold. */
  repairs: number;
  /** Set once no run of it is active any more; the counts are final then. */
  finishedAt: Date | null;
  counts: RunCounts | null;
};

export type LastRun = {
  id: string;
  state: RunState;
  createdAt: Date;
  finishedAt: Date | null;
  durationMs: number | null;
};

export type ScriptDocument = {
  /** The absolute HDFS path. */
  _id: string;
  name: string;
  directory: string;
  size: number;
  modifiedAt: Date;
  fileId: number;
  sha256: string | null;
  /** The file as it was when its hash was last taken: the same status means the same bytes. */
  pinned: { length: number; modifiedAt: Date; fileId: number; sha256: string } | null;
  status: ScriptStatus;
  missing: boolean;
  firstSeenAt: Date;
  lastRun: LastRun | null;
};

/** A content that a script had when it was previewed or run; unique by path and sha256. */
export type VersionDocument = {
  _id: string;
  path: string;
  sha256: string;
  size: number;
  firstSeenAt: Date;
  lastRunId: string | null;
};

/** `text`: the settings as JSON (their keys may be any). */
export type ScriptSettingsDocument = { _id: string; text: string; revision: number; savedAt: Date; savedBy: string };

export type ContentDocument = { _id: string; bytes: Binary; size: number; firstSeenAt: Date };

/** Renewals live here, apart from the run; compared with the server's `$$NOW`. */
export type LeaseDocument = { _id: string; fencingToken: number; workerId: string; expiresAt: Date };

export type WorkerDocument = {
  _id: string;
  host: string;
  pid: number;
  version: string;
  startedAt: Date;
  lastSeenAt: Date;
  concurrency: number;
  running: string[];
  state: WorkerState;
  /** Why it takes no runs, where it is unhealthy. */
  detail?: string | null;
  /** Whether it is HDFS that it takes no runs for. */
  lacksHdfs?: boolean;
};

export type ScanDocument = {
  _id: string;
  state: 'running' | 'done' | 'failed';
  startedAt: Date;
  found: number;
  added: string[];
  changed: string[];
  missing: string[];
  durationMs: number | null;
  errors: { path: string; message: string }[];
};

/**
 * A piece of an attempt's joined log: at most 256 KiB, cut into segments of one stream each. `_id` is `runId:attempt:offset`.
 * The last chunk of a log that trickles grows in place (same `_id`, longer); a chunk never shrinks.
 */
export type LogChunkDocument = {
  _id: string;
  runId: string;
  attempt: number;
  /** Of its first byte, in the joined log. */
  offset: number;
  /** In bytes, as all offsets: of the log's own bytes, however they are stored. */
  length: number;
  /** Number of the line (from 1) that its first byte belongs to. */
  firstLine: number;
  segments: { stream: Stream; at: Date; length: number }[];
  data: Binary;
  /** `data` is compressed (log-chunk-data.ts, docs/adr/0017). */
  packed?: 'zstd';
};

/** Of an attempt's log as a whole: written when something was dropped and at its end, so a short running log has none. */
export type LogDocument = {
  /** `runId:attempt`. */
  _id: string;
  runId: string;
  attempt: number;
  /** The bytes from `start` up to `end` (exclusive) of the joined log were dropped. */
  gap: { start: number; end: number } | null;
  /** Bytes and lines that were written, the dropped ones too; null while it runs. */
  size: number | null;
  lines: number | null;
  complete: boolean;
};

/** An answer remembered for a day: the same key and body get it again. */
export type IdempotencyDocument = {
  _id: string;
  bodyHash: string;
  answer: { status: number; location?: string; body: unknown };
  /** The run that the answer tells of, until it is known to be stored: who finds it here stores it. */
  run?: RunDocument;
  at: Date;
};

export type LockDocument = { _id: string; owner: string; expiresAt: Date };

/** `class` → highest tag claimed; `class:submitter` → its last tag; `base:class` → the tag that Redis counts from. */
export type FairShareDocument = { _id: string; tag: number };

/** How many of the runs created in a minute, or on a day, are in each state (run-tally). */
export type TallyDocument = {
  /** The minute (`2026-11-22T20:59`) or the day (`2026-11-22`, UTC), or `frontier`. */
  _id: string;
  /** Where it begins; of the frontier: where it is. */
  at: Date;
  /** Null: some are active, they have to be counted. */
  counts: RunCounts | null;
};

import { LIMITS } from '@das/contracts/limits';
import type { Submitter } from '@das/contracts/primitives';
import type { Fault } from '@das/contracts/problem';
import type { EffectiveSettings, RunRequest, RunSettings, SettingLevel } from '@das/contracts/run-request';
import { mergeSettings } from '@das/core/domain/run-settings';
import type { PlatformDefaults, SettingSources } from '@das/core/domain/run-settings';
import type { ManifestEntry } from '@das/core/domain/version';
import type { Logger } from '@das/core/logging/logger';
import type { Database } from '@das/core/mongo/database';
import type { RunDocument } from '@das/core/mongo/documents';
import { SubmitterTags } from '@das/core/mongo/fair-share-tags';
import { RunIntake } from '@das/core/mongo/run-intake';
import { fromPairs, newRunDocument } from '@das/core/mongo/new-run';
import type { RunStore } from '@das/core/mongo/run-store';
import { inTransaction } from '@das/core/mongo/transaction';
import type { RunQueue } from '@das/core/queue/run-queue';
import type { ClientSession } from 'mongodb';
import { invalidRequest } from '../http/api-problem.ts';
import type { HdfsBounds } from '../http/deadline.ts';
import type { NeededFile, Pinning } from './pinning.ts';
import type { SavedLevel } from './saved-level.ts';

/** How long Redis may take before a run is accepted without it. Milliseconds. */
const ENQUEUE_MS = 500;

export type SubmissionOptions = {
  db: Database;
  runs: RunStore;
  queue: RunQueue;
  pinning: Pinning;
  platform: PlatformDefaults;
  saved: SavedLevel;
  log: Logger;
};

/** A run that can be stored: its files are pinned, its settings decided. */
export type PreparedRun = {
  manifest: ManifestEntry[];
  effective: EffectiveSettings;
  sources: SettingSources;
  rerunOf: string | null;
  /** Its place in the fair queue, where one was taken already. */
  tag?: number | undefined;
};
/** How runs are run again. */
export type RerunRules = {
  overrides?: RunSettings | undefined;
  pinned: boolean;
  at?: (index: number) => string;
};
export type Acceptance = { submittedBy: Submitter; launchId: string | null };

/** From a request to stored and enqueued runs, in the order: settings, files, MongoDB, Redis. */
export class Submission {
  readonly #options: SubmissionOptions;
  readonly #tags: SubmitterTags;
  readonly #intake: RunIntake;

  constructor(options: SubmissionOptions) {
    this.#options = options;
    this.#tags = new SubmitterTags(options.db);
    this.#intake = new RunIntake(options.db);
  }

  /**
   * Merges the settings and pins the files of requests; `at` = where each stands in the call. Where it is known who submits, the places
   * in the fair queue are taken meanwhile. Throws ApiProblem, HdfsUnavailable.
   */
  async prepare(
    requests: readonly { request: RunRequest; at: string }[],
    defaults: RunSettings | undefined,
    bounds: HdfsBounds,
    submitterId?: string,
  ): Promise<PreparedRun[]> {
    const saved = await this.#options.saved.of(requests.map(({ request, at }) => ({ path: request.script, at: `${at}script` }))); // prettier-ignore
    const decided = requests.map(({ request, at }) => {
      const { script, sha256, ...item } = request;
      const levels = { script: saved.get(script), launch: defaults, item };
      const { effective, sources } = mergeSettings(this.#options.platform, levels);
      const place: Place = (field, index) => placeOf(sources[field], at, `${field}.${index}`);
      return {
        effective,
        sources,
        at,
        files: neededFiles({ path: script, at: `${at}script`, sha256 }, effective, place),
      };
    });
    refuseTooManyLabels(decided);
    const [entries, tags] = await Promise.all([
      this.#options.pinning.pin(decided.flatMap(({ files }) => files), bounds),
      submitterId === undefined ? [] : this.#takeTags(decided, submitterId),
    ]); // prettier-ignore
    let taken = 0;
    return decided.map(({ effective, sources, files }, index) => {
      const manifest = entries.slice(taken, (taken += files.length));
      return { manifest, effective, sources, rerunOf: null, tag: tags[index] };
    });
  }

  /**
   * Runs the same again, each with `overrides` on top of its own settings; with its pinned files, or what they hold now. `at` = where the
   * call names the `index`-th run; files that the overrides name are at fault there. Throws ApiProblem, HdfsUnavailable.
   */
  async prepareReruns(
    runs: readonly RunDocument[],
    { overrides, pinned, at = () => 'script' }: RerunRules,
    bounds: HdfsBounds,
  ): Promise<PreparedRun[]> {
    const decided = runs.map((run, index) => {
      const levels = { launch: settingsOf(run), item: overrides };
      const { effective, sources } = mergeSettings(this.#options.platform, levels);
      const place: Place = (field, nth) => (overrides?.[field] ? `overrides.${field}.${nth}` : at(index));
      const files = neededFiles({ path: run.script.path, at: at(index), sha256: undefined }, effective, place);
      return { run, effective, sources, files };
    });
    refuseTooManyLabels(decided.map(({ effective }) => ({ effective, at: 'overrides.' })).slice(0, 1));
    const isKept = (run: RunDocument, file: NeededFile) =>
      pinned ? run.manifest.find(({ role, path }) => role === file.role && path === file.path) : undefined;
    const missing = decided.flatMap(({ run, files }) => files.filter((file) => !isKept(run, file)));
    const fresh = (await this.#options.pinning.pin(missing, bounds)).values();
    return decided.map(({ run, effective, sources, files }) => {
      const manifest = files.map((file) => isKept(run, file) ?? (fresh.next().value as ManifestEntry));
      return { manifest, effective, sources, rerunOf: run._id };
    });
  }

  /** Documents for prepared runs, each with its place in the fair queue. */
  async document(prepared: readonly PreparedRun[], { submittedBy, launchId }: Acceptance): Promise<RunDocument[]> {
    const taken = prepared.flatMap(({ tag }) => tag ?? []);
    const tags = taken.length === prepared.length ? taken : await this.#takeTags(prepared, submittedBy.id);
    const now = this.#options.db.clock.now();
    return prepared.map((run, index) =>
      newRunDocument({ ...run, launchId, submittedBy, tag: tags[index] as number, now }),
    );
  }

  /** One for each run, in their order. */
  async #takeTags(runs: readonly { effective: EffectiveSettings }[], submitterId: string): Promise<number[]> {
    const tags = new Map<number, number[]>();
    for (const [priorityClass, { length }] of Map.groupBy(runs, ({ effective }) => effective.priority)) {
      tags.set(priorityClass, await this.#tags.take({ priorityClass, submitterId, count: length }));
    }
    return runs.map(({ effective }) => tags.get(effective.priority)?.shift() as number);
  }

  /** Stores one run by itself, then enqueues it; not begun once `signal` is aborted. Redis away is said in `waiting`. */
  async acceptOne(run: RunDocument, signal: AbortSignal): Promise<void> {
    await this.#intake.store(run, signal);
    await this.#follow([run]);
  }

  /** Stores the runs, with whatever `alongside` stores, or none of it; then enqueues them. */
  async acceptTogether(runs: RunDocument[], alongside: (session: ClientSession) => Promise<void>): Promise<void> {
    await inTransaction(this.#options.db, async (session) => {
      await this.#options.runs.insert(runs, session);
      await alongside(session);
    });
    await this.#follow(runs);
  }

  /** They are stored, so they are accepted, whatever fails from here on: scripts hear of their runs' end, too, and the reconciler enqueues. */
  async #follow(runs: RunDocument[]): Promise<void> {
    const leave = (what: string) => (error: unknown) => this.#options.log.warn({ error, runs: runs.length }, what);
    await Promise.all([
      this.#intake.reflect(runs).catch(leave('new runs are accepted, but their scripts could not be told of them')),
      this.#enqueue(runs).catch(leave('new runs are accepted, but not enqueued, which could not be noted either')),
    ]);
  }

  async #enqueue(runs: RunDocument[]): Promise<void> {
    const { db, queue, runs: store } = this.#options;
    if (await queue.enqueue(runs, ENQUEUE_MS)) return;
    const waiting = {
      reason: 'queue_unavailable' as const,
      detail: 'Redis does not answer. The run is accepted and starts when it does.',
    };
    await store.noteWaiting(runs.map(({ _id }) => _id), waiting); // prettier-ignore
    for (const run of runs) {
      run.waiting = { ...waiting, since: db.clock.now() };
      run.seq += 1;
    }
  }
}

/** Where the call names the `index`-th of its files. */
type Place = (field: 'pyFiles' | 'files', index: number) => string;

/** What the script's saved settings name, the call names with the script. */
function placeOf(level: SettingLevel, at: string, field: string): string {
  if (level === 'script') return `${at}script`;
  return level === 'launch' ? `defaults.${field}` : `${at}${field}`;
}

function neededFiles(
  script: Omit<NeededFile, 'role'>,
  { pyFiles, files }: EffectiveSettings,
  place: Place,
): NeededFile[] {
  return [
    { role: 'script', ...script },
    ...pyFiles.map((path, index) => ({ role: 'pyFile' as const, path, at: place('pyFiles', index) })),
    ...files.map((path, index) => ({ role: 'file' as const, path, at: place('files', index) })),
  ];
}

/** Each level keeps to the limit; merged they may not. */
function refuseTooManyLabels(decided: readonly { effective: EffectiveSettings; at: string }[]): void {
  const faults = decided.flatMap(({ effective, at }): Fault[] => {
    const count = Object.keys(effective.labels).length;
    return count <= LIMITS.labels
      ? []
      : [{ path: `${at}labels`, message: `${count} labels, defaults included; at most ${LIMITS.labels}` }];
  });
  if (faults.length > 0) throw invalidRequest(faults);
}

function settingsOf(run: RunDocument): RunSettings {
  return {
    args: run.args,
    conf: fromPairs(run.conf),
    pyFiles: run.manifest.filter(({ role }) => role === 'pyFile').map(({ path }) => path),
    files: run.manifest.filter(({ role }) => role === 'file').map(({ path }) => path),
    retries: run.retries,
    timeoutMs: run.timeoutMs,
    priority: run.priority,
    ...(run.startup && { startup: run.startup }),
    labels: fromPairs(run.labels),
  };
}

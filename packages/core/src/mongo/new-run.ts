import type { Submitter } from '@das/contracts/primitives';
import type { EffectiveSettings } from '@das/contracts/run-request';
import { newRunId } from '../domain/ids.ts';
import { versionOf } from '../domain/version.ts';
import type { ManifestEntry } from '../domain/version.ts';
import type { Pair, RunDocument } from './documents.ts';

export type NewRun = {
  /** The files of the version, the script first. */
  manifest: ManifestEntry[];
  effective: EffectiveSettings;
  submittedBy: Submitter;
  launchId: string | null;
  rerunOf: string | null;
  /** Its place in the fair queue (fair-share-store). */
  tag: number;
  now: Date;
};

/** A queued run, as it is stored first. */
export function newRunDocument(run: NewRun): RunDocument {
  const [script] = run.manifest;
  if (script?.role !== 'script') throw new TypeError('a manifest begins with its script');
  const { effective, now } = run;
  return {
    _id: newRunId(now.getTime()),
    script: { path: script.path, sha256: script.sha256, size: script.size },
    version: versionOf(run.manifest),
    manifest: run.manifest,
    args: effective.args,
    conf: toPairs(effective.conf),
    target: effective.target,
    labels: toPairs(effective.labels),
    launchId: run.launchId,
    rerunOf: run.rerunOf,
    submittedBy: run.submittedBy,
    state: 'queued',
    seq: 1,
    fencingToken: 0,
    epoch: 1,
    priority: effective.priority,
    order: { class: effective.priority, tag: run.tag },
    retries: effective.retries,
    timeoutMs: effective.timeoutMs,
    startup: effective.startup,
    failures: 0,
    losses: 0,
    workerLosses: 0,
    drifted: false,
    waiting: null,
    nextAttemptAt: null,
    workerId: null,
    createdAt: now,
    startedAt: null,
    finishedAt: null,
    result: null,
    failure: null,
    attemptCount: 0,
    attempts: [],
    events: [{ at: now, actor: run.submittedBy.id, type: 'submit', from: null, to: 'queued', reason: reasonOf(run) }],
  };
}

function reasonOf({ launchId, rerunOf }: NewRun): string {
  if (rerunOf) return `re-run of ${rerunOf}`;
  return launchId ? `in launch ${launchId}` : 'submitted';
}

export function toPairs(map: Record<string, string>): Pair[] {
  return Object.entries(map).map(([key, value]) => ({ key, value }));
}

export function fromPairs(pairs: readonly Pair[]): Record<string, string> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
}

import type { RunState } from '@das/contracts/states';
import { sha256Of } from '@das/core/domain/version';
import type { RunDocument, ScriptDocument } from '@das/core/mongo/documents';
import { newRunDocument } from '@das/core/mongo/new-run';
import { completeRetryPolicy } from '@das/core/domain/retry-policy';
import type { Das } from './das.ts';

/** Scripts as a scan tracks them, straight into MongoDB: `team-07/etl/script_00123.py`, 50 to a directory. Answers their paths. */
export async function trackMany(das: Das, count: number): Promise<string[]> {
  const at = new Date();
  const scripts = Array.from({ length: count }, (_, index): ScriptDocument => {
    const group = Math.floor(index / 50);
    const directory = `${das.scriptsDir}/team-${String(group % 20).padStart(2, '0')}/etl-${group}`;
    const name = `script_${String(index).padStart(5, '0')}.py`;
    return {
      _id: `${directory}/${name}`,
      name,
      directory,
      size: 100 + index,
      modifiedAt: new Date(at.getTime() - index * 60_000),
      fileId: index + 1,
      sha256: null,
      pinned: null,
      status: 'pending',
      missing: false,
      lastRun: null,
      firstSeenAt: at,
    };
  });
  for (let from = 0; from < count; from += 5000) await das.db.scripts.insertMany(scripts.slice(from, from + 5000));
  return scripts.map(({ _id }) => _id);
}

const STATES: RunState[] = ['completed', 'completed', 'failed', 'completed', 'cancelled', 'completed', 'completed'];

/** `each` ended runs of every script, oldest first, as they are stored when they are over. */
export async function putRuns(das: Das, paths: readonly string[], each: number): Promise<void> {
  const begun = Date.now() - each * 3_600_000;
  for (let turn = 0; turn < each; turn += 1) {
    const runs = paths.map((path, index) => endedRun(path, begun + turn * 3_600_000 + index, turn + index));
    await das.db.runs.insertMany(runs);
  }
}

function endedRun(path: string, at: number, turn: number): RunDocument {
  const sha256 = sha256Of(path);
  const state = STATES[turn % STATES.length] as RunState;
  const run = newRunDocument({
    manifest: [{ role: 'script', path, sha256, size: 100 }],
    effective: {
      args: [],
      conf: {},
      pyFiles: [],
      files: [],
      target: 'local',
      retries: completeRetryPolicy(0),
      timeoutMs: null,
      priority: 4,
      startup: 'standard',
      labels: {},
    },
    rerunOf: null,
    launchId: null,
    submittedBy: { id: 'many', via: 'anonymous' },
    tag: turn,
    now: new Date(at),
  });
  const took = 500 + ((turn * 7919) % 60) * 1000;
  return { ...run, state, seq: 4, startedAt: new Date(at + 200), finishedAt: new Date(at + 200 + took) };
}

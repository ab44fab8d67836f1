import { ACTIVE_RUN_STATES, isTerminal } from '@das/contracts/states';
import type { ScriptStatus } from '@das/contracts/states';
import type { Database } from './database.ts';
import type { RunDocument } from './documents.ts';
import { countNewest } from './launch-store.ts';
import { lastRunOf } from './last-run.ts';
import { noteRuns } from './version-store.ts';

/**
 * What follows from a run for its script and its launch. All of it can be derived again from the runs, so it is
 * written after them, not with them; what a crash leaves out the reconciler mends (`mendConsequences`).
 */
export async function reflectSubmission(db: Database, runs: readonly RunDocument[]): Promise<void> {
  const newest = new Map<string, RunDocument>();
  for (const run of runs) if ((newest.get(run.script.path)?._id ?? '') < run._id) newest.set(run.script.path, run);
  if (newest.size === 0) return;
  const telling = db.scripts.bulkWrite(
    [...newest.values()].map((run) => ({
      updateOne: {
        filter: { _id: run.script.path, $or: [{ lastRun: null }, { 'lastRun.id': { $lt: run._id } }] },
        update: { $set: { status: 'running' as const, lastRun: lastRunOf(run) } },
      },
    })),
    { ordered: false },
  );
  await Promise.all([telling, noteRuns(db, runs)]);
}

/** After `runs` have ended: the scripts' status, the end of launches. */
export async function reflectEnds(db: Database, runs: readonly RunDocument[]): Promise<void> {
  const launches = new Set(runs.flatMap(({ launchId }) => launchId ?? []));
  await Promise.all([reflectOnScripts(db, runs), ...[...launches].map((id) => finishLaunch(db, id))]);
}

/** Of many ended runs each script hears of its newest one. */
async function reflectOnScripts(db: Database, runs: readonly RunDocument[]): Promise<void> {
  const newest = new Map<string, RunDocument>();
  for (const run of runs) if ((newest.get(run.script.path)?._id ?? '') < run._id) newest.set(run.script.path, run);
  const pending = [...newest.values()];
  while (pending.length > 0) await Promise.all(pending.splice(0, 32).map((run) => reflectOnScript(db, run)));
}

async function reflectOnScript(db: Database, run: RunDocument): Promise<void> {
  const status = await statusAfter(db, run);
  await db.scripts.updateOne(
    { _id: run.script.path, $or: [{ lastRun: null }, { 'lastRun.id': { $lte: run._id } }] },
    { $set: { status, lastRun: lastRunOf(run) } },
  );
}

/** A cancelled run says nothing about its script: what the newest one that ran to its end said still holds. */
async function statusAfter(db: Database, run: RunDocument): Promise<ScriptStatus> {
  if (run.state === 'completed') return 'success';
  if (run.state === 'failed') return 'failed';
  const told = await db.runs.findOne(
    { 'script.path': run.script.path, _id: { $lt: run._id }, state: { $in: ['completed', 'failed'] } },
    { sort: { _id: -1 }, projection: { state: 1 } },
  );
  if (!told) return 'pending';
  return told.state === 'completed' ? 'success' : 'failed';
}

/** Closes a launch none of whose runs is active; its counts are final then, until it is repaired. */
export async function finishLaunch(db: Database, launchId: string): Promise<void> {
  const active = await db.runs.findOne(
    { launchId, state: { $in: [...ACTIVE_RUN_STATES] } },
    { projection: { _id: 1 } },
  );
  if (active) return;
  // Read before its runs: a repair in between makes the write below match nothing.
  const launch = await db.launches.findOne({ _id: launchId, finishedAt: null }, { projection: { repairs: 1 } });
  if (!launch) return;
  const runs = await db.runs
    .find({ launchId })
    .project<Pick<RunDocument, '_id' | 'state' | 'rerunOf' | 'finishedAt'>>({ state: 1, rerunOf: 1, finishedAt: 1 })
    .toArray();
  if (runs.length === 0 || !runs.every(({ state }) => isTerminal(state))) return;
  const finishedAt = new Date(Math.max(...runs.map((run) => run.finishedAt?.getTime() ?? 0)));
  await db.launches.updateOne(
    { _id: launchId, finishedAt: null, repairs: launch.repairs },
    { $set: { finishedAt, counts: countNewest(runs) } },
  );
}

/** Finds scripts and launches that missed the end of their run (a crash between the two writes). Returns how many it mended. */
export async function mendConsequences(db: Database): Promise<number> {
  const scripts = await db.scripts
    .find({ status: 'running' }, { projection: { lastRun: 1 } })
    .limit(5000)
    .toArray();
  const ids = scripts.flatMap((script) => (script.lastRun ? [script.lastRun.id] : []));
  const ended = await db.runs
    .find({ _id: { $in: ids } })
    .project<RunDocument>({ attempts: 0, events: 0 })
    .toArray();
  const missed = ended.filter(({ state }) => isTerminal(state));
  await reflectEnds(db, missed);
  const open = await db.launches
    .find({ finishedAt: null }, { projection: { _id: 1 } })
    .limit(1000)
    .toArray();
  for (const launch of open) await finishLaunch(db, launch._id);
  return missed.length;
}

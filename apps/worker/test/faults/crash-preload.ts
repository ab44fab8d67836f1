/**
 * Loaded before a worker's main (`--import`): the worker kills itself (SIGKILL) at the point that CRASH_AT names, at most once for each
 * file CRASH_ONCE. The code of the worker knows nothing of it.
 */
import { closeSync, existsSync, openSync } from 'node:fs';
import { LeaseStore } from '@das/core/mongo/lease-store';
import { RunStore } from '@das/core/mongo/run-store';
import { Job } from 'bullmq';
import { LeaseKeeper } from '../../src/execute/lease-keeper.ts';
import { Supervisor } from '../../src/execute/supervisor.ts';
import { Workspace } from '../../src/execute/workspace.ts';
import { AttemptLog } from '../../src/logs/attempt-log.ts';
import type { CrashPoint } from './crash-points.ts';

type Method = (...args: unknown[]) => unknown;
type When = 'before' | 'after';

/** The call does not get out any more. */
function neverSend(owner: object, method: string, applies: (args: unknown[]) => boolean = () => true): void {
  const methods = owner as Record<string, Method>;
  const original = methods[method] as Method;
  methods[method] = function (this: unknown, ...args: unknown[]) {
    return applies(args) && !hasCrashed() ? new Promise(() => undefined) : original.apply(this, args);
  };
}

/** Crashes before the call, or when its promise has resolved. */
function crash(owner: object, method: string, when: When, applies: (args: unknown[]) => boolean = () => true): void {
  const methods = owner as Record<string, Method>;
  const original = methods[method];
  if (!original) throw new Error(`there is no ${method}`);
  methods[method] = function (this: unknown, ...args: unknown[]) {
    if (!applies(args)) return original.apply(this, args);
    if (when === 'before') die();
    const result = original.apply(this, args);
    if (!(result instanceof Promise)) die();
    return (result as Promise<unknown>).then((value) => (die(), value));
  };
}

function die(): void {
  try {
    closeSync(openSync(process.env['CRASH_ONCE'] as string, 'wx'));
  } catch {
    return; // it has crashed before
  }
  process.kill(process.pid, 'SIGKILL');
}

const hasCrashed = () => existsSync(process.env['CRASH_ONCE'] as string);

const isMove = (name: string) => (args: unknown[]) => (args[0] as { name: string }).name === name;

const POINTS: Record<CrashPoint | 'between the end of a lease and the loss', () => void> = {
  'before the claim': () => crash(RunStore.prototype, 'move', 'before', isMove('claim')),
  'between the lease and the claim': () => {
    neverSend(RunStore.prototype, 'move', isMove('claim'));
    crash(LeaseStore.prototype, 'grant', 'after');
  },
  'between the claim and its lease': () => {
    neverSend(LeaseStore.prototype, 'grant');
    crash(RunStore.prototype, 'move', 'after', isMove('claim'));
  },
  'after the claim': () => crash(LeaseKeeper.prototype, 'add', 'before'),
  'while the files are fetched': () => crash(Workspace.prototype, 'make', 'after'),
  'before the spawn': () => crash(Supervisor.prototype, 'start', 'before'),
  'as the spawn is ordered': () => {
    const { start } = Supervisor.prototype;
    Supervisor.prototype.start = function (order) {
      const spawned = start.call(this, order);
      setImmediate(die); // the order is in the pipe, no answer has been read
      return spawned;
    };
  },
  'after the spawn, before anything is recorded': () => crash(Supervisor.prototype, 'start', 'after'),
  'before a note of what runs': () => crash(RunStore.prototype, 'noteAttempt', 'before'),
  'after a note of what runs': () => crash(RunStore.prototype, 'noteAttempt', 'after'),
  'at the end, before it is recorded': () => crash(AttemptLog.prototype, 'close', 'after'),
  'after the end is recorded, before BullMQ knows': () => {
    crash(RunStore.prototype, 'move', 'after', isMove('complete'));
    crash(RunStore.prototype, 'move', 'after', isMove('retry'));
  },
  'after the lease is given back': () => crash(LeaseStore.prototype, 'release', 'after'),
  'between the end of a lease and the loss': () => crash(LeaseStore.prototype, 'revoke', 'after'),
  'after BullMQ was told': () => crash(Job.prototype, 'moveToCompleted', 'after'),
};

POINTS[process.env['CRASH_AT'] as keyof typeof POINTS]();

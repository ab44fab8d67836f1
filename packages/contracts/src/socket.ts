import { z } from 'zod';
import type { Launch } from './launch.ts';
import type { Run, RunSummary } from './run.ts';
import type { Script } from './script.ts';
import type { Stream } from './states.ts';
import type { Worker } from './worker.ts';

/** `runs`, `scripts`, `workers`, `launches`, `run:<id>`, `launch:<id>` (design §4). */
export const topicSchema = z.string().regex(/^(runs|scripts|workers|launches|run:[\w-]{1,64}|launch:[\w-]{1,64})$/);
export const subscriptionSchema = z.strictObject({ topic: topicSchema });

export type Acknowledgement = { ok: true } | { ok: false; code: string; detail: string };

/** A piece of a run's log as it arrives; offsets in bytes of the joined log. */
export type LogPiece = {
  runId: string;
  attempt: number;
  offset: number;
  nextOffset: number;
  stream: Stream;
  text: string;
};

export type ServerToClientEvents = {
  run: (message: { items: (RunSummary | Run)[] }) => void;
  script: (message: { items: Script[] }) => void;
  worker: (message: { items: Worker[] }) => void;
  launch: (message: { items: Launch[] }) => void;
  log: (message: LogPiece) => void;
  resync: (message: { topic: string }) => void;
};

export type ClientToServerEvents = {
  subscribe: (message: { topic: string }, acknowledge: (answer: Acknowledgement) => void) => void;
  unsubscribe: (message: { topic: string }, acknowledge: (answer: Acknowledgement) => void) => void;
};

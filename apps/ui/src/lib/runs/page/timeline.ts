import type { Attempt, Run, RunEvent } from '@das/contracts/run';
import type { AttemptState } from '@das/contracts/states';
import { isTerminal } from '@das/contracts/states';
import { dueAfter } from './retry-due.ts';

export type SegmentKind =
  'earlier' | 'queued' | 'delay' | 'waiting' | 'recovering' | 'fetching' | 'starting' | 'running' | 'cancelling';

/** What a run did from one moment to another (Unix ms). */
export type Segment = {
  kind: SegmentKind;
  /** The attempt it belongs to; of a wait the one that was waited for. */
  attempt: number;
  /** How that attempt ended, or that it runs; null of a wait. */
  state: AttemptState | null;
  from: number;
  to: number;
  /** It goes on: `to` is now. */
  open: boolean;
};

export type Timeline = { from: number; to: number; segments: Segment[] };

export const SEGMENT_WORDS: Record<SegmentKind, string> = {
  earlier: 'Earlier attempts',
  queued: 'Queued for a place',
  delay: 'Delay before the retry',
  // Both of them, where nobody knows when the one ended and the other began.
  waiting: 'Delay, then queued',
  recovering: 'Recovering after a loss',
  fetching: 'Fetching files',
  starting: 'Starting Spark',
  running: 'Running',
  cancelling: 'Cancelling',
};

/** Everything a run did, in order and without holes; of a run that is not over up to `now`. Pure. */
export function timelineOf(run: Run, events: readonly RunEvent[], now: number): Timeline {
  const from = Date.parse(run.createdAt);
  const over = isTerminal(run.state);
  const end = over && run.finishedAt ? Date.parse(run.finishedAt) : Math.max(now, from);
  const segments: Segment[] = [];
  let previous: Attempt | undefined;
  for (const attempt of run.attempts) {
    segments.push(...waitBefore(run, previous, attempt.n, Date.parse(attempt.startedAt)));
    segments.push(...phasesOf(attempt, events, end));
    previous = attempt;
  }
  // A failure or a loss that the run outlived: it was cancelled while it waited.
  const outlived = run.state === 'cancelled' && (previous?.state === 'failed' || previous?.state === 'lost');
  if (previous === undefined || (over ? outlived : previous.finishedAt !== null))
    segments.push(...waitBefore(run, previous, run.attemptCount + 1, end));
  const shown = segments.filter((segment) => segment.to > segment.from);
  const last = shown.at(-1);
  if (last && !over) last.open = true;
  return { from, to: Math.max(end, from + 1), segments: shown };
}

/** From the end of the attempt before (or the creation) to `to`: the delay, and from when the attempt was due the wait for a place. */
function waitBefore(run: Run, previous: Attempt | undefined, n: number, to: number): Segment[] {
  const wait = (kind: SegmentKind, from: number, until: number): Segment => ({
    kind,
    attempt: n,
    state: null,
    from,
    to: until,
    open: false,
  });
  const created = Date.parse(run.createdAt);
  // Of many attempts only the last ones are kept.
  if (!previous) return [wait(n > 1 ? 'earlier' : 'queued', created, to)];
  const from = previous.finishedAt ? Date.parse(previous.finishedAt) : to;
  const due = dueAfter(run, previous);
  if (previous.state === 'lost' && (due === null || due <= from)) return [wait('recovering', from, to)];
  if (due === null) return [wait('waiting', from, to)];
  const over = Math.min(Math.max(due, from), to);
  return [wait(previous.state === 'lost' ? 'recovering' : 'delay', from, over), wait('queued', over, to)];
}

function phasesOf(attempt: Attempt, events: readonly RunEvent[], end: number): Segment[] {
  const finish = attempt.finishedAt ? Date.parse(attempt.finishedAt) : end;
  const cancelled = events.find(
    ({ type, at }) => type === 'requestCancel' && Date.parse(at) >= Date.parse(attempt.startedAt),
  );
  const starts: [SegmentKind, string | null | undefined][] = [
    ['fetching', attempt.startedAt],
    ['starting', attempt.submittedAt],
    ['running', attempt.runningAt],
    ['cancelling', cancelled && Date.parse(cancelled.at) <= finish ? cancelled.at : null],
  ];
  const known = starts.flatMap(([kind, at]) => (at ? [{ kind, from: Math.min(Date.parse(at), finish) }] : []));
  return known
    .sort((a, b) => a.from - b.from)
    .map(({ kind, from }, index) => ({
      kind,
      attempt: attempt.n,
      state: attempt.state,
      from,
      to: known[index + 1]?.from ?? finish,
      open: false,
    }));
}

/** Round steps of an axis that is `spanMs` long, at most `most` of them: ms from its start. */
export function axisTicks(spanMs: number, most: number): number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 43_200, 86_400, 604_800];
  const step = (steps.find((seconds) => spanMs / (seconds * 1000) <= most) ?? spanMs / 1000 / most) * 1000;
  return Array.from({ length: Math.floor(spanMs / step) + 1 }, (_, index) => index * step);
}

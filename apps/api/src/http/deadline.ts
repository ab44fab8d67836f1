import { DeadlinePassed } from './api-problem.ts';

/** Every call answers within 3 s, whatever is down: this for the handler, of which that for HDFS. Milliseconds. */
const HANDLER_MS = 2500;
const HDFS_MS = 1900;
/** Nothing is down, but there is much to do: a call that gets on may take this long. */
const AT_MOST_MS = 30_000;

export type CallBounds = {
  /** Aborted when the answer is overdue. */
  signal: AbortSignal;
  /** For HDFS calls: the signal, and what is left of HDFS's share of the time. */
  hdfs: () => { signal: AbortSignal; deadlineMs: number };
  /** Something that takes long has got on (files were read): the time begins anew. */
  prolong: () => void;
};

/** Of a call that reads files: it says when it gets on. */
export type HdfsBounds = Pick<CallBounds, 'hdfs' | 'prolong'>;

/** Runs `work` within the time that a call has; then its signal is aborted and DeadlinePassed is thrown. */
export async function withinBounds<T>(work: (bounds: CallBounds) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const late = Promise.withResolvers<never>();
  const startedAt = performance.now();
  let begunAt = startedAt;
  const timer = setTimeout(() => {
    const reason = new DeadlinePassed(`no answer within ${Math.round(performance.now() - startedAt)} ms`);
    late.reject(reason);
    abort.abort(reason);
  }, HANDLER_MS);
  const bounds: CallBounds = {
    signal: abort.signal,
    hdfs: () => ({ signal: abort.signal, deadlineMs: Math.max(1, Math.round(begunAt + HDFS_MS - performance.now())) }),
    prolong: () => {
      if (performance.now() - startedAt > AT_MOST_MS - HANDLER_MS) return;
      begunAt = performance.now();
      timer.refresh();
    },
  };
  try {
    return await Promise.race([work(bounds), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

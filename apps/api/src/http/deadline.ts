import { DeadlinePassed } from './api-problem.ts';

/** Runs `work` for at most `ms` milliseconds; then its signal is aborted and DeadlinePassed is thrown. */
export async function withinDeadline<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const reason = new DeadlinePassed(`no answer within ${ms} ms`);
    late.reject(reason);
    abort.abort(reason);
  }, ms);
  try {
    return await Promise.race([work(abort.signal), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Das } from '@das/testkit/das';
import { newRunDocument } from '@das/core/mongo/new-run';
import type { AttemptDocument, RunDocument } from '@das/core/mongo/documents';
import { RunStore } from '@das/core/mongo/run-store';

const HOUR = 3_600_000;
const SUBMITTERS = ['maria', 'jonas', 'nightly', 'ada'];
const SUMMARIES = [
  'KeyError: price',
  'ValueError: bad row # of /in/2026/part-#.csv',
  'the script ended with exit code 3',
];
/** Writes at once: each waits for the journal. */
const AT_ONCE = 8;

/**
 * Thousands of runs in the database without anything that executes them: stored and moved on by the run store, as the API and the
 * workers do, so that everything behind it (change stream, sockets, browser) is the real thing. Start DAS without workers and
 * with a reconciler that stays quiet (`QUIET`).
 */
export class ManyRuns {
  static readonly QUIET = { workers: 0, env: { RECONCILE_INTERVAL_MS: '3600000' } } as const;
  readonly #das: Das;
  readonly #store: RunStore;
  /** What may still change. */
  readonly #active: RunDocument[] = [];
  #made = 0;

  constructor(das: Das) {
    this.#das = das;
    this.#store = new RunStore(das.db);
  }

  /** Runs of the last `hours`, most of them over; the newest are queued and running. */
  async store(count: number, { hours = 20 } = {}): Promise<void> {
    const now = this.#das.db.clock.now().getTime();
    const runs = Array.from({ length: count }, (_, index) => {
      const at = new Date(now - ((count - index) / count) * hours * HOUR);
      return index < count * 0.95 ? ended(this.#new(at)) : this.#new(at);
    });
    for (let from = 0; from < runs.length; from += 1000) await this.#store.insert(runs.slice(from, from + 1000));
    this.#active.push(...runs.filter(({ state }) => state === 'queued'));
  }

  /** So many changes a second for so many seconds: new runs, claims, phases, ends. Answers how many there were. */
  async change({ perSecond, seconds }: { perSecond: number; seconds: number }): Promise<number> {
    const until = performance.now() + seconds * 1000;
    const started = performance.now();
    let changes = 0;
    const turn = async () => {
      while (performance.now() < until) {
        const due = ((performance.now() - started) / 1000) * perSecond;
        if (changes > due) await sleep(5);
        else await this.#changeOne((changes += 1));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, turn));
    return changes;
  }

  async #changeOne(nth: number): Promise<void> {
    if (nth % 8 === 0 || this.#active.length === 0) {
      const run = this.#new(this.#das.db.clock.now());
      await this.#store.insert([run]);
      this.#active.push(run);
      return;
    }
    // Taken out while it changes: nobody else holds it.
    const [run] = this.#active.splice((nth * 7919) % this.#active.length, 1) as [RunDocument];
    const moved = run.state === 'queued' ? await this.#claim(run) : await this.#goOn(run, nth);
    if (!moved) throw new Error(`${run._id} was moved by somebody else`);
    if (moved.state === 'queued' || moved.state === 'running') this.#active.push(moved);
  }

  #claim(run: RunDocument): Promise<RunDocument | null> {
    const now = this.#das.db.clock.now();
    const set = { workerId: 'worker-1', startedAt: now };
    return this.#store.move({ ...held(run), name: 'claim', set, inc: { attemptCount: 1, fencingToken: 1 }, pushAttempt: attempt(now) }); // prettier-ignore
  }

  async #goOn(run: RunDocument, nth: number): Promise<RunDocument | null> {
    if (nth % 3 === 0) {
      const phase = nth % 2 === 0 ? 'submitting' : 'running';
      await this.#store.noteAttempt({ runId: run._id, fencingToken: run.fencingToken, n: 1 }, { phase });
      return run;
    }
    const over = { n: 1, set: { state: 'completed', finishedAt: this.#das.db.clock.now() } } as const;
    if (nth % 5 === 0)
      return this.#store.move({ ...held(run), name: 'fail', attempt: over, set: { failure: failure(nth) } });
    return this.#store.move({ ...held(run), name: 'complete', attempt: over, set: { result: { exitCode: 0, tail: `row ${nth}\n` } } }); // prettier-ignore
  }

  #new(at: Date): RunDocument {
    const n = (this.#made += 1);
    const sha256 = 'a'.repeat(64);
    return newRunDocument({
      manifest: [{ role: 'script', path: `${this.#das.scriptsDir}/team-${n % 7}/job_${n % 40}.py`, sha256, size: 100 }],
      effective: { args: [`--n=${n}`], conf: {}, pyFiles: [], files: [], target: 'local', labels: { team: `t${n % 3}` }, retries: { max: 0, backoff: 'fixed', delayMs: 1000, maxDelayMs: 60_000, jitter: 0, notOn: null }, timeoutMs: null, priority: 4, startup: 'standard' },
      submittedBy: { id: SUBMITTERS[n % SUBMITTERS.length] ?? '', via: 'header' }, launchId: null, rerunOf: null, tag: n, now: at,
    }); // prettier-ignore
  }
}

function held(run: RunDocument) {
  return { runId: run._id, from: run.state, fencingToken: run.fencingToken, actor: 'worker worker-1', reason: 'load' };
}

function attempt(now: Date): AttemptDocument {
  return {
    n: 1, state: 'running', phase: 'fetching', claims: [{ workerId: 'worker-1', from: now, to: null }], startedAt: now, submittedAt: null,
    runningAt: null, finishedAt: null, exitCode: null, signal: null, sparkAppId: null, trackingUrl: null, logSize: 0, command: [],
  }; // prettier-ignore
}

function ended(run: RunDocument): RunDocument {
  const n = run.order.tag;
  const startedAt = new Date(run.createdAt.getTime() + 1000);
  const finishedAt = new Date(startedAt.getTime() + (n % 90) * 1000);
  const over = { ...run, seq: 3, startedAt, finishedAt, attemptCount: 1, attempts: [{ ...attempt(startedAt), state: 'completed' as const, finishedAt }] }; // prettier-ignore
  if (n % 9 === 0) return { ...over, state: 'failed', failure: failure(n) };
  return { ...over, state: 'completed', result: { exitCode: 0, tail: `read ${n} rows\nwritten\n` } };
}

function failure(n: number) {
  const summary = (SUMMARIES[n % SUMMARIES.length] ?? '').replaceAll('#', String(n));
  return {
    kind: summary.startsWith('the script') ? ('exit_code' as const) : ('python_error' as const),
    summary,
    excerpt: '',
  };
}

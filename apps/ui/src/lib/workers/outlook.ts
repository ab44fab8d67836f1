import type { Overview, Readiness } from '@das/contracts/system';
import type { Worker } from '@das/contracts/worker';
import type { Places } from './places.ts';

/** How the queue stands, and what would shorten it. */
export type Outlook = {
  tone: 'ok' | 'warn' | 'bad';
  headline: string;
  advice: readonly string[];
};
type Situation = {
  overview: Overview;
  workers: readonly Worker[];
  places: Places;
  /** Whether the dispatcher answers; unknown counts as yes. */
  redis: Readiness['redis'] | null;
  /** For how long each of the running runs has run, in ms. */
  ages: readonly number[];
};

/** The queue in words. Pure. Durations are guesses from the last hour's median run, and say so ("about"). */
export function outlook({ overview, workers, places, redis, ages }: Situation): Outlook {
  const queued = overview.counts.queued ?? 0;
  const each = typicalMs(overview, ages);
  const later = elsewhere(overview);
  if (redis && !redis.ok) return redisAway(queued, later);
  const { total, free } = places;
  if (total === 0) return nobody(workers, queued, later);
  if (queued === 0)
    return {
      tone: 'ok',
      headline: free > 0 ? `Nothing waits: ${somePlaces(free)} of ${total} ${is(free)} free.` : nextWaits(total, each),
      advice: later,
    };
  if (free > 0)
    return {
      tone: 'ok',
      headline: `${runs(queued)} ${wait(queued)}, ${somePlaces(free)} of ${total} ${is(free)} free.`,
      advice: later,
    };
  return busy({ workers, total, each }, queued, later);
}

function redisAway(queued: number, later: readonly string[]): Outlook {
  return {
    tone: 'bad',
    headline: `Redis is away: nothing new is handed out${queued > 0 ? `, ${runs(queued)} ${wait(queued)}` : ''}.`,
    advice: [
      'Start Redis, or set REDIS_URL. What waits is enqueued by itself once Redis is back; nothing is lost.',
      ...later,
    ],
  };
}

function nobody(workers: readonly Worker[], queued: number, later: readonly string[]): Outlook {
  const waiting = queued > 0 ? `${runs(queued)} ${wait(queued)}` : 'what is launched now waits';
  const count = (state: Worker['state']) => workers.filter((worker) => worker.state === state).length;
  const advice: string[] = [];
  if (count('unhealthy') > 0) advice.push(`${some(count('unhealthy'), 'worker')} unhealthy${whyUnhealthy(workers)}`);
  if (count('draining') > 0)
    advice.push(`${some(count('draining'), 'worker')} draining: it finishes what it has, and takes nothing new.`);
  advice.push(
    'Start a worker: npm start brings one, npm start -- --workers 3 three; elsewhere node apps/worker/dist/main.cjs with the same settings.',
  );
  const none = count('unhealthy') + count('draining') === 0;
  return {
    tone: 'bad',
    headline: `${none ? 'No worker is there' : 'No worker takes runs'}: ${waiting}.`,
    advice: [...advice, ...later],
  };
}

/** In the words of one of them. */
function whyUnhealthy(workers: readonly Worker[]): string {
  const told = workers.find(({ state, detail }) => state === 'unhealthy' && detail)?.detail;
  if (told) return `. ${told}`;
  return ', as no run can be started there: see that WORKER_DIR has room and can be written, and that HDFS answers.';
}

function busy(
  { workers, total, each }: { workers: readonly Worker[]; total: number; each: number | null },
  queued: number,
  later: readonly string[],
): Outlook {
  const all = total === 1 ? 'The one place is busy' : `All ${total} places are busy`;
  // What a worker brings here, as the largest one does.
  const more = Math.max(1, ...workers.filter(({ state }) => state === 'active').map(({ concurrency }) => concurrency));
  const worker = `one more worker with ${somePlaces(more)}`;
  if (each === null)
    return {
      tone: 'warn',
      headline: `${all}, ${queued} waiting; no run ended within the last hour to guess from.`,
      advice: [`To shorten it: ${worker}.`, ...later],
    };
  const now = (queued * each) / total;
  const then = (queued * each) / (total + more);
  const gain = then <= now * 0.55 && then >= now * 0.45 ? 'halves it' : `makes it about ${roughly(then)}`;
  return {
    tone: now > SOON_MS ? 'warn' : 'ok',
    headline: `${all}, ${queued} waiting, about ${roughly(each)} each: all have begun in about ${roughly(now)}.`,
    advice: now > SOON_MS ? [`${worker[0]?.toUpperCase()}${worker.slice(1)} ${gain}.`, ...later] : later,
  };
}

/** A queue that is gone by then needs no advice. */
const SOON_MS = 5000;

function nextWaits(total: number, each: number | null): string {
  const all = total === 1 ? 'The one place is busy' : `All ${total} places are busy`;
  return `${all}, nothing waits${each === null ? '' : `: the next run begins in about ${roughly(each / total)}`}.`;
}

/** What a run takes: the last hour's median, or what runs now has taken already where that is longer. */
function typicalMs({ runMs }: Overview, ages: readonly number[]): number | null {
  const age = ages.toSorted((a, b) => a - b)[Math.floor(ages.length / 2)];
  if (runMs.p50 === null) return null;
  return Math.max(runMs.p50, age ?? 0);
}

/** Runs that places alone do not help. */
function elsewhere({ waiting: { byReason } }: Overview): string[] {
  const told: string[] = [];
  const { hdfs_unavailable: hdfs = 0, recovering = 0, queue_unavailable: unqueued = 0, backoff = 0 } = byReason;
  if (hdfs > 0) told.push(`${runs(hdfs)} ${wait(hdfs)} for HDFS: start the NameNode, or set HDFS_URL.`);
  if (recovering > 0) told.push(`${runs(recovering)} ${wait(recovering)} to be taken over from a lost worker.`);
  if (unqueued > 0)
    told.push(`${runs(unqueued)} ${unqueued === 1 ? 'is' : 'are'} still to be enqueued, which happens by itself.`);
  if (backoff > 0) told.push(`${runs(backoff)} ${wait(backoff)} before a next attempt.`);
  return told;
}

const runs = (count: number) => (count === 1 ? '1 run' : `${count.toLocaleString('en')} runs`);
const somePlaces = (count: number) => (count === 1 ? '1 place' : `${count} places`);
const wait = (count: number) => (count === 1 ? 'waits' : 'wait');
const is = (count: number) => (count === 1 ? 'is' : 'are');
const some = (count: number, noun: string) => (count === 1 ? `1 ${noun} is` : `${count} ${noun}s are`);

/** `43 s`, `5 min`, `2.5 h`: two digits at most, as it is a guess. */
function roughly(ms: number): string {
  const short = (value: number) => (value < 9.5 ? String(Math.round(value * 2) / 2) : String(Math.round(value)));
  if (ms < 90_000) return `${Math.max(1, Math.round(ms / 1000))} s`;
  if (ms < 90 * 60_000) return `${short(ms / 60_000)} min`;
  return `${short(ms / 3_600_000)} h`;
}

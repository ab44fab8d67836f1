import type { Overview } from '@das/contracts/system';
import type { Worker } from '@das/contracts/worker';
import { describe, expect, it } from 'vitest';
import { outlook } from './outlook.ts';
import type { Places } from './places.ts';

const overview = (over: Partial<Overview>): Overview => ({
  at: '2026-11-22T12:00:00.000Z',
  counts: {},
  finishedPerMinute: 1,
  waitMs: { p50: 100, p95: 200 },
  runMs: { p50: 43_000, p95: 60_000 },
  workers: { active: 1 },
  // Older than what is known of the workers: not what it goes by.
  places: { total: 99, free: 99 },
  waiting: { byReason: {}, oldest: null },
  ...over,
});
const worker = (state: Worker['state'], concurrency = 2): Worker => ({
  id: `${state}-1`,
  host: 'h',
  pid: 1,
  version: '1',
  startedAt: '2026-11-22T11:00:00.000Z',
  lastSeenAt: '2026-11-22T12:00:00.000Z',
  concurrency,
  running: [],
  state,
});
type Given = Partial<Omit<Overview, 'places'>> & { places?: Omit<Places, 'used'> };
const say = (given: Given, workers = [worker('active')], redisOk = true, ages: number[] = []) => {
  const { places: { total, free } = { total: 2, free: 0 }, ...over } = given;
  const places = { total, free, used: total - free };
  return outlook({ overview: overview(over), workers, places, redis: { ok: redisOk, latencyMs: 1 }, ages });
};

describe('the queue in words', () => {
  it('says how long a queue takes, and what one more worker would change', () => {
    expect(say({ counts: { queued: 14 } })).toEqual({
      tone: 'warn',
      headline: 'All 2 places are busy, 14 waiting, about 43 s each: all have begun in about 5 min.',
      advice: ['One more worker with 2 places halves it.'],
    });
    expect(say({ counts: { queued: 400 }, places: { total: 8, free: 0 } }, [worker('active', 4)]).advice).toEqual([
      'One more worker with 4 places makes it about 24 min.',
    ]);
  });

  it('does not believe in quick runs while slow ones run', () => {
    const { headline } = say({ counts: { queued: 4 } }, [worker('active')], true, [50_000, 600_000]);
    expect(headline).toBe('All 2 places are busy, 4 waiting, about 10 min each: all have begun in about 20 min.');
  });

  it('does not guess without a run to guess from', () => {
    const { headline, advice } = say({
      counts: { queued: 1 },
      runMs: { p50: null, p95: null },
      places: { total: 1, free: 0 },
    });
    expect(headline).toBe('The one place is busy, 1 waiting; no run ended within the last hour to guess from.');
    expect(advice).toEqual(['To shorten it: one more worker with 2 places.']);
  });

  it('is calm where nothing waits, or what waits begins at once', () => {
    expect(say({ places: { total: 2, free: 1 } })).toEqual({
      tone: 'ok',
      headline: 'Nothing waits: 1 place of 2 is free.',
      advice: [],
    });
    expect(say({}).headline).toBe('All 2 places are busy, nothing waits: the next run begins in about 22 s.');
    expect(say({ counts: { queued: 1 }, places: { total: 4, free: 3 } }).headline).toBe(
      '1 run waits, 3 places of 4 are free.',
    );
  });

  it('tells how to get a worker where none is', () => {
    const { tone, headline, advice } = say({ counts: { queued: 3 }, places: { total: 0, free: 0 } }, [worker('gone')]);
    expect([tone, headline]).toEqual(['bad', 'No worker is there: 3 runs wait.']);
    expect(advice[0]).toContain('npm start -- --workers 3');
  });

  it('tells why the workers that are there take nothing', () => {
    const { headline, advice } = say({ places: { total: 0, free: 0 } }, [worker('unhealthy'), worker('draining')]);
    expect(headline).toBe('No worker takes runs: what is launched now waits.');
    expect(advice[0]).toMatch(/^1 worker is unhealthy, .*WORKER_DIR/);
    const said = say({ places: { total: 0, free: 0 } }, [{ ...worker('unhealthy'), detail: 'HDFS does not answer.' }]);
    expect(said.advice[0]).toBe('1 worker is unhealthy. HDFS does not answer.');
    expect(advice[1]).toMatch(/^1 worker is draining/);
  });

  it('puts Redis first: with it away more workers change nothing', () => {
    const { tone, headline, advice } = say({ counts: { queued: 2 } }, [worker('active')], false);
    expect([tone, headline]).toEqual(['bad', 'Redis is away: nothing new is handed out, 2 runs wait.']);
    expect(advice[0]).toContain('REDIS_URL');
  });

  it('names what places alone do not help', () => {
    const waiting = { byReason: { hdfs_unavailable: 2, recovering: 1, backoff: 5 }, oldest: null };
    expect(say({ counts: { retrying: 8 }, places: { total: 2, free: 2 }, waiting }).advice).toEqual([
      '2 runs wait for HDFS: start the NameNode, or set HDFS_URL.',
      '1 run waits to be taken over from a lost worker.',
      '5 runs wait before a next attempt.',
    ]);
  });
});

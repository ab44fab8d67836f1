import { expect, test } from 'vitest';
import { changeStreams } from '@das/testkit/change-streams';
import { startDas } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { LiveClient } from '@das/testkit/live';

/** What Prometheus is told of it, in seconds. */
async function lagOf(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^das_change_stream_lag_seconds (.+)$/m.exec(metrics)?.[1]);
}

test('MongoDB is asked for changes while somebody watches; who comes is told of all from then on, and fetches once', async () => {
  await using das = await startDas({ stub: true, workers: 0 });
  const script = await das.putScript('job.py', 'pass\n');
  const streamIs = (there: boolean) =>
    eventually('a stream, or none', () => changeStreams(das.db.db), ({ length }) => length === (there ? 1 : 0), { withinMs: 20_000 }); // prettier-ignore
  for (let visit = 0; visit < 2; visit += 1) {
    await das.submit({ script });
    await streamIs(false);
    expect(await lagOf(das.url)).toBe(0);
    using live = await LiveClient.connect(das.url);
    expect(await live.subscribe('runs')).toEqual({ ok: true });
    const run = await das.submit({ script });
    await live.until('run', () => live.statesOf(run.id).includes('queued'));
    await streamIs(true);
    await expect.poll(() => lagOf(das.url)).toBeGreaterThan(0);
    expect(live.of('resync')).toEqual([]);
  }
});

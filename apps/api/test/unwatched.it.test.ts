import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';
import { LiveClient } from '@das/testkit/live';

/** Whether MongoDB keeps a change stream of this DAS. It lists a cursor while it rests or is read, and neither for an instant between the two. */
async function hasStream(das: Das): Promise<boolean> {
  const ofThisDas = { 'cursor.tailable': true, ns: { $regex: `^${das.database}\\.` } };
  const pipeline = [{ $currentOp: { allUsers: true, idleCursors: true } }, { $match: ofThisDas }];
  for (let look = 0; look < 3; look += 1) {
    const { cursor } = await das.db.db.admin().command({ aggregate: 1, pipeline, cursor: {} });
    if ((cursor as { firstBatch: unknown[] }).firstBatch.length > 0) return true;
    await sleep(30);
  }
  return false;
}

test('MongoDB is asked for changes while somebody watches; who comes is told of all from then on, and fetches once', async () => {
  await using das = await startDas({ stub: true, workers: 0 });
  const script = await das.putScript('job.py', 'pass\n');
  const streamIs = (there: boolean) =>
    eventually('a stream, or none', () => hasStream(das), (has) => has === there, { withinMs: 20_000 }); // prettier-ignore
  for (let visit = 0; visit < 2; visit += 1) {
    await das.submit({ script });
    await streamIs(false);
    using live = await LiveClient.connect(das.url);
    expect(await live.subscribe('runs')).toEqual({ ok: true });
    const run = await das.submit({ script });
    await live.until('run', () => live.statesOf(run.id).includes('queued'));
    await streamIs(true);
    expect(live.of('resync')).toEqual([]);
  }
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';

/** What is stored is accepted: a caller who is told otherwise submits it again. */
let das: Das;
beforeAll(async () => {
  das = await startDas({ stub: true, workers: 0 });
});
afterAll(() => das[Symbol.asyncDispose]());

test('runs whose scripts cannot be told of them', async () => {
  const [one, other] = [await das.putScript('one.py', 'pass\n'), await das.putScript('other.py', 'pass\n')];
  await das.call('startScan');
  // MongoDB refuses scripts that run: what follows from new runs cannot be written.
  await das.db.db.command({ collMod: 'sample', validator: { status: { $ne: 'running' } } });
  const single = await das.call('submitRun', { body: { script: one } });
  const launch = await das.call('createLaunch', { body: { items: [{ script: one }, { script: other }] } });
  expect([single.status, launch.status]).toEqual([202, 202]);
  expect(await das.db.runs.countDocuments()).toBe(3);
  const told = () => Promise.resolve(das.logs.includes('their scripts could not be told'));
  await eventually('the log says it', told, Boolean);

  await das.db.db.command({ collMod: 'sample', validator: {} });
  await das.addWorker();
  await das.waitFor(launch.body.runs[1]?.id ?? '');
  const script = () => das.db.scripts.findOne({ _id: other });
  await eventually('its script hears of its end', script, (found) => found?.status === 'success');
});

import { expect, test } from 'vitest';
import type { Hdfs } from './client.ts';
import { HdfsUnavailable } from './errors.ts';
import { failure, FILE_STATUS, hdfsAt, serve } from './faulty-name-node.ts';

/** An answer that is stuck: what is small is asked for once more. */

/** A NameNode that knows one file; `meet` says after how many ms the `nth` request (from 1) is answered, or never. */
async function slow(meet: (nth: number) => number | 'never') {
  const seen = { requests: 0, givenUp: 0 };
  const url = await serve((request, response) => {
    const ms = meet((seen.requests += 1));
    response.on('close', () => (seen.givenUp += response.writableEnded ? 0 : 1));
    const content = request.url?.includes('op=open') ? 'bytes' : undefined;
    const status = request.url?.includes('op=liststatus') ? { FileStatuses: { FileStatus: [] } } : FILE_STATUS;
    if (ms !== 'never') setTimeout(() => response.end(content ?? JSON.stringify(status)), ms);
  });
  return { url, seen };
}
const small = { maxBytes: 9, expectLength: 5 };

test.each<[string, (hdfs: Hdfs) => Promise<unknown>]>([
  ['status', (hdfs) => hdfs.status('/x')],
  ['listing', (hdfs) => hdfs.list('/x')],
  ['small file', (hdfs) => hdfs.read('/x', small)],
])('a %s is asked for once more within its time, and the first request given up', async (_, call) => {
  const { url, seen } = await slow((nth) => (nth === 1 ? 'never' : 0));
  await call(hdfsAt(url));
  await expect.poll(() => seen).toEqual({ requests: 2, givenUp: 1 });
});

test('what comes late after all counts, and the second request is given up', async () => {
  const { url, seen } = await slow((nth) => (nth === 1 ? 300 : 'never'));
  expect(String(await hdfsAt(url).read('/x', small))).toBe('bytes');
  await expect.poll(() => seen).toEqual({ requests: 2, givenUp: 1 });
});

test('no third time, and no longer than there is time for one', async () => {
  const { url, seen } = await slow(() => 'never');
  expect((await failure(hdfsAt(url).status('/x'))).message).toContain('within 400 ms');
  await expect.poll(() => seen).toEqual({ requests: 2, givenUp: 2 });
});

test('nothing that is large or changes something', async () => {
  const { url, seen } = await slow(() => 'never');
  expect(await failure(hdfsAt(url).read('/x', { maxBytes: 9e6, expectLength: 1e6 }))).toBeInstanceOf(HdfsUnavailable);
  expect(await failure(hdfsAt(url).mkdirs('/x'))).toBeInstanceOf(HdfsUnavailable);
  expect(await failure(hdfsAt(url).remove('/x'))).toBeInstanceOf(HdfsUnavailable);
  expect(seen.requests).toBe(3);
});

test('of one of several NameNodes: the same within its share, then the next', async () => {
  const [silent, active] = [await slow(() => 'never'), await slow(() => 0)];
  expect((await hdfsAt(silent.url, active.url).status('/x')).length).toBe(5);
  expect([silent.seen.requests, active.seen.requests]).toEqual([2, 1]);
  const stuck = await slow((nth) => (nth === 1 ? 'never' : 0));
  expect((await hdfsAt(stuck.url, active.url).status('/x')).length).toBe(5);
  expect([stuck.seen.requests, active.seen.requests]).toEqual([2, 1]);
});

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import { eventually } from '@das/testkit/eventually';

/** What is kept for a script: its versions, how its runs went, its saved settings. */
let das: Das;
beforeAll(async () => {
  das = await startDas({ stub: true, apiEnv: { DEFAULT_RETRIES: '1' } });
});
afterAll(() => das[Symbol.asyncDispose]());

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** What HDFS said of a file may be a second old: waits until what was put last is seen. */
const shows = (path: string, text: string) =>
  eventually(
    `${path} holds ${text}`,
    async () => (await das.call('getScriptContent', { query: { path } })).body.sha256,
    (seen) => seen === sha256(text),
  );

describe('versions', () => {
  test('every content that was previewed or run, with its last run', async () => {
    const sources = ['print(1)\n', 'print(22)\n', 'print(333)\n'] as const;
    const path = await das.putScript('versions.py', sources[0]);
    const first = await das.runToEnd({ script: path });
    const second = await das.runToEnd({ script: path });
    await das.putScript('versions.py', sources[1]);
    await shows(path, sources[1]);
    await das.putScript('versions.py', sources[2]);
    await shows(path, sources[2]);
    const third = await das.runToEnd({ script: path });
    const known = (await das.call('listScriptVersions', { query: { path } })).body;
    expect(known.items.map((version) => [version.sha256, version.size, version.lastRun?.id])).toEqual([
      [sha256(sources[2]), 11, third.id],
      [sha256(sources[1]), 10, undefined],
      [sha256(sources[0]), 9, second.id],
    ]);
    expect(known.items[0]?.lastRun).toMatchObject({ state: 'completed', durationMs: third.durationMs });
    expect(Date.parse(known.items[2]?.firstSeenAt ?? '')).toBeLessThanOrEqual(Date.parse(first.createdAt));
    const page = (await das.call('listScriptVersions', { query: { path, limit: 2 } })).body;
    const query = { path, limit: 2, cursor: page.nextCursor as string };
    const rest = (await das.call('listScriptVersions', { query })).body;
    expect([...page.items, ...rest.items]).toEqual(known.items);
    expect(rest.nextCursor).toBeNull();
  });
});

describe('stats', () => {
  test('the last runs, what is usual, and how often it went well', async () => {
    const path = await das.putScript('stats.py', 'import sys\nsys.exit(int(sys.argv[1]))\n');
    const empty = (await das.call('getScriptStats', { query: { path } }).catch(() => null))?.body;
    expect(empty).toBeUndefined(); // not tracked yet
    const runs = [];
    for (const code of ['0', '0', '3', '0'])
      runs.push(await das.runToEnd({ script: path, args: [code], retries: 0 })); // prettier-ignore
    const stats = (await das.call('getScriptStats', { query: { path, last: 3 } })).body;
    const [second, third, fourth] = runs.slice(1).map(({ id, state, durationMs, createdAt }) => ({ id, state, durationMs, createdAt })); // prettier-ignore
    expect(stats.items).toEqual([fourth, third, second]);
    const usual = [second?.durationMs ?? 0, fourth?.durationMs ?? 0].toSorted((a, b) => a - b);
    expect([stats.p50Ms, stats.p95Ms]).toEqual(usual);
    expect(stats.successRate).toBeCloseTo(2 / 3);
  });
});

describe('grid', () => {
  test('the newest runs of many scripts, each row in the order asked for', async () => {
    const paths = await Promise.all(
      ['grid_a.py', 'grid_b.py', 'grid_c.py'].map((name) => das.putScript(name, 'print()\n')),
    );
    const [a = '', b = '', c = ''] = paths;
    for (const path of paths) await das.call('getScriptContent', { query: { path } });
    const runs = [];
    for (const script of [a, b, a, a]) runs.push(await das.runToEnd({ script }));
    const marks = runs.map(({ id, state, seq, createdAt, startedAt, durationMs }) => ({ id, state, seq, createdAt, startedAt, durationMs })); // prettier-ignore
    const ask = (query: [string, string][]) => das.api.raw('GET', `/api/v1/scripts/grid?${new URLSearchParams(query)}`);
    const read = async (query: [string, string][]) => (await (await ask(query)).json()) as { items: unknown[] };
    const all = paths.map((path): [string, string] => ['path', path]);
    expect(await read([...all.toReversed(), ['last', '2']])).toEqual({
      items: [
        { path: c, runs: [] },
        { path: b, runs: [marks[1]] },
        { path: a, runs: [marks[3], marks[2]] },
      ],
    });
    expect((await das.call('getScriptGrid', { query: { path: a } })).body.items[0]?.runs).toHaveLength(3);
    const { problem } = await das.api.refusedRaw(ask([...all, ['path', `${das.scriptsDir}/none.py`]]));
    expect(problem).toMatchObject({ code: 'not_found', errors: [{ path: 'query.path.3' }] });
    const outside = await das.api.refusedRaw(ask([...all, ['path', '/etc/x.py']]));
    expect(outside.problem).toMatchObject({ code: 'invalid_request', errors: [{ path: 'query.path.3' }] });
    expect((await das.api.refused('getScriptGrid')).problem.errors?.[0]?.path).toBe('query.path');
  });
});

describe('settings', () => {
  const saved = { args: ['saved'], conf: { 'spark.driver.memory': '600m' }, labels: { team: 'a' }, description: 'What it does', owner: 'ann' }; // prettier-ignore
  let path: string;
  beforeAll(async () => {
    path = await das.putScript('settings.py', 'import sys\nprint(*sys.argv[1:])\n');
    await das.call('getScriptContent', { query: { path } });
  });

  const put = (body: object, headers: Record<string, string> = {}) =>
    das.call('putScriptSettings', { query: { path }, body, headers });
  const refused = async (body: object, headers: Record<string, string> = {}) =>
    (await das.api.refused('putScriptSettings', { query: { path }, body, headers })).problem;

  test('saved by the first, and by whoever has seen what is there', async () => {
    const none = await das.call('getScriptSettings', { query: { path } });
    expect([none.body, none.headers.get('etag')]).toEqual([{}, '"0"']);
    expect((await refused(saved, { 'If-Match': '*' })).code).toBe('precondition_failed');
    const first = await put(saved, { 'If-None-Match': '*' });
    const etag = first.headers.get('etag') as string;
    const read = await das.call('getScriptSettings', { query: { path } });
    expect([read.body, read.headers.get('etag')]).toEqual([saved, etag]);
    const ann = das.api.with({ 'X-DAS-Submitter': 'ann' });
    await ann.call('putScriptSettings', { query: { path }, body: saved, headers: { 'If-Match': etag } });
    const told = (await das.call('getScriptSettings', { query: { path } })).headers;
    expect(decodeURIComponent(told.get('x-das-saved-by') ?? '')).toBe('ann');
    expect(Math.abs(Date.parse(told.get('last-modified') ?? '') - Date.now())).toBeLessThan(60_000);
    for (const headers of [{}, { 'If-Match': '"0"' }, { 'If-None-Match': '*' }, { 'If-Match': `W/${etag}` }])
      expect((await refused({}, headers as Record<string, string>)).code).toBe('precondition_failed');
    const second = await put({ ...saved, owner: 'bob' }, { 'If-Match': told.get('etag') ?? '' });
    expect(second.headers.get('etag')).not.toBe(etag);
    expect((await refused({}, { 'If-Match': etag })).detail).toContain(second.headers.get('etag'));
    expect((await put(saved, { 'If-Match': '*' })).body).toEqual(saved);
  });

  test('two at once: one wins', async () => {
    const other = await das.putScript('contended.py', 'print()\n');
    await das.call('getScriptContent', { query: { path: other } });
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, (_, i) =>
        das.api.fetch('putScriptSettings', { query: { path: other }, body: { owner: `${i}` } }),
      ),
    );
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual([200, 412, 412, 412, 412]);
  });

  test('stand between the platform and the request', async () => {
    const plain = await das.runToEnd({ script: path });
    expect(plain).toMatchObject({ args: ['saved'], conf: saved.conf, labels: saved.labels, retries: { max: 1 } });
    expect(plain.result?.tail).toContain('saved\n');
    const body = {
      defaults: { labels: { team: 'b', x: 'y' }, retries: 2 },
      items: [{ script: path }, { script: path, args: [] }],
    };
    const { runs } = (await das.call('createLaunch', { body })).body as { runs: { id: string }[] };
    const [first, second] = await Promise.all(runs.map(({ id }) => das.run(id)));
    expect(first).toMatchObject({ args: ['saved'], labels: { team: 'b', x: 'y' }, retries: { max: 2 } });
    expect(second).toMatchObject({ args: [], conf: saved.conf });
  });

  test('all faults at once, by the rules of a run request', async () => {
    const problem = await refused({
      conf: { 'spark.plugins': 'x' },
      pyFiles: ['/etc/passwd'],
      priority: 9,
      script: path,
    });
    expect(problem.errors?.map((fault) => fault.path).toSorted()).toEqual([
      'conf.spark.plugins',
      'priority',
      'pyFiles.0',
      'script',
    ]);
    const unknown = await das.api.refused('putScriptSettings', {
      query: { path: `${das.scriptsDir}/none.py` },
      body: {},
    });
    expect(unknown.problem).toMatchObject({ code: 'not_found', errors: [{ path: 'query.path' }] });
    const outside = await das.api.refused('getScriptSettings', { query: { path: '/etc/x.py' } });
    expect(outside.problem).toMatchObject({ code: 'invalid_request', errors: [{ path: 'query.path' }] });
  });

  test('a file that saved settings name and that is gone is told at the script', async () => {
    const other = await das.putScript('needy.py', 'print()\n');
    await das.call('getScriptContent', { query: { path: other } });
    const gone = `${das.scriptsDir}/gone.zip`;
    await das.call('putScriptSettings', { query: { path: other }, body: { pyFiles: [gone] } });
    const { problem } = await das.api.refused('submitRun', { body: { script: other } });
    expect(problem).toMatchObject({ code: 'not_found', errors: [{ path: 'script' }] });
    expect(problem.detail).toContain(gone);
  });
});

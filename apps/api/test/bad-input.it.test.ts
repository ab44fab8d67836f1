import type { ProblemCode } from '@das/contracts/problem';
import { PROBLEMS } from '@das/contracts/problem';
import type { RouteName } from '@das/contracts/routes';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CallOptions } from '@das/testkit/call';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';

/**
 * What is refused, each with its code and the place of the fault; and that nothing was done because of it. Long, as a list is long
 * that leaves nothing out: one line for each way to be wrong.
 */
let das: Das;
let good: string;
beforeAll(async () => {
  das = await startDas({ workers: 0, stub: true });
  good = await das.putScript('good.py', 'print(1)\n');
  await das.putScript('data.csv', 'a,b\n');
  await das.putScript('module.py', 'x = 1\n');
  await das.putScript('huge.py', Buffer.alloc(5 * 1024 * 1024 + 1, '#'));
  await das.putScript('folder.py/inner.py', '');
  await das.hdfs.write(`${das.scriptsDir}-evil/twin.py`, Buffer.from('print(1)'));
});
afterAll(() => das[Symbol.asyncDispose]());

type Refusal = [what: string, request: Record<string, unknown>, place: string, code?: ProblemCode];
const S = () => das.scriptsDir;

/** Given to POST /runs, over `{script: good}`. Functions, as the scripts directory is known only later. */
const RUN_REQUESTS: [string, () => Record<string, unknown>, string, ProblemCode?][] = [
  ['an empty script', () => ({ script: '' }), 'script'],
  ['no script', () => ({ script: undefined }), 'script'],
  ['a script that is a number', () => ({ script: 7 }), 'script'],
  ['an operator object as script', () => ({ script: { $gt: '' } }), 'script'],
  ['an unknown script', () => ({ script: `${S()}/none.py` }), 'script', 'not_found'],
  ['a directory with a name like a script', () => ({ script: `${S()}/folder.py` }), 'script'],
  ['a script outside', () => ({ script: '/etc/passwd.py' }), 'script'],
  ['a script outside by ..', () => ({ script: `${S()}/../secret.py` }), 'script'],
  ['a script inside by ..', () => ({ script: `${S()}/a/../good.py` }), 'script'],
  ['a script by .', () => ({ script: `${S()}/./good.py` }), 'script'],
  ['a script outside by %2e', () => ({ script: `${S()}/%2e%2e/secret.py` }), 'script'],
  ['a script outside by %252E', () => ({ script: `${S()}/%252E%252e/secret.py` }), 'script'],
  ['a double slash', () => ({ script: `${S()}//good.py` }), 'script'],
  ['two slashes at the beginning', () => ({ script: `/${S()}/good.py` }), 'script'],
  ['a prefix twin of the directory', () => ({ script: `${S()}-evil/twin.py` }), 'script'],
  ['a relative path', () => ({ script: 'good.py' }), 'script'],
  ['a path with a scheme', () => ({ script: `hdfs://localhost${S()}/good.py` }), 'script'],
  ['a backslash', () => ({ script: `${S()}\\good.py` }), 'script'],
  ['a NUL in the path', () => ({ script: `${S()}/good.py\0` }), 'script'],
  ['a lone surrogate in the path', () => ({ script: `${S()}/\ud800.py` }), 'script'],
  ['a script that is no .py', () => ({ script: `${S()}/data.csv` }), 'script'],
  ['a script larger than 5 MiB', () => ({ script: `${S()}/huge.py` }), 'script', 'payload_too_large'],
  ['an arg that is a number', () => ({ args: ['a', 1] }), 'args.1'],
  ['an arg that is null', () => ({ args: [null] }), 'args.0'],
  ['args that are no list', () => ({ args: 'a b' }), 'args'],
  ['a NUL in an arg', () => ({ args: ['a\0b'] }), 'args.0'],
  ['a CR in an arg', () => ({ args: ['ok', 'a\r'] }), 'args.1'],
  ['a lone surrogate in an arg', () => ({ args: ['\udc00'] }), 'args.0'],
  ['257 args', () => ({ args: Array.from({ length: 257 }, () => 'a') }), 'args'],
  ['args of more than 100 KiB', () => ({ args: ['ü'.repeat(51_201)] }), 'args'],
  ['an unknown conf key', () => ({ conf: { 'spark.nonsense': '1' } }), 'conf.spark.nonsense'],
  [
    'a conf key that runs code',
    () => ({ conf: { 'spark.driver.extraJavaOptions': '-X' } }),
    'conf.spark.driver.extraJavaOptions',
  ],
  [
    'that key in another spelling',
    () => ({ conf: { 'SPARK.driver.extrajavaoptions': '-X' } }),
    'conf.SPARK.driver.extrajavaoptions',
  ],
  [
    'an allowed key in another spelling',
    () => ({ conf: { 'spark.sql.shuffle.Partitions': '2' } }),
    'conf.spark.sql.shuffle.Partitions',
  ],
  ['an allowed key with a blank', () => ({ conf: { ' spark.driver.memory': '1g' } }), 'conf. spark.driver.memory'],
  ...[
    'spark.pyspark.python',
    'spark.plugins',
    'spark.extraListeners',
    'spark.sql.extensions',
    'spark.hadoop.fs.defaultFS',
    'spark.executorEnv.PATH',
    'spark.driver.resource.gpu.discoveryScript',
    'spark.executor.extraClassPath',
    'spark.submit.pyFiles',
    'spark.jars',
    'spark.ui.port',
    'spark.master',
  ].map((key): [string, () => Record<string, unknown>, string] => [
    `conf ${key}`,
    () => ({ conf: { [key]: 'x' } }),
    `conf.${key}`,
  ]),
  ['a conf value with ${', () => ({ conf: { 'spark.driver.memory': '${env:HOME}' } }), 'conf.spark.driver.memory'],
  ['a conf value of another form', () => ({ conf: { 'spark.driver.memory': 'lots' } }), 'conf.spark.driver.memory'],
  [
    'a conf value that is a number',
    () => ({ conf: { 'spark.sql.shuffle.partitions': 2 } }),
    'conf.spark.sql.shuffle.partitions',
  ],
  [
    'a conf value with a line break',
    () => ({ conf: { 'spark.driver.memory': '1g\nspark.plugins x' } }),
    'conf.spark.driver.memory',
  ],
  ['a pyFile outside', () => ({ pyFiles: [`${S()}-evil/twin.py`] }), 'pyFiles.0'],
  ['a pyFile that is not there', () => ({ pyFiles: [`${S()}/module.py`, `${S()}/none.py`] }), 'pyFiles.1', 'not_found'],
  ['a pyFile of another kind', () => ({ pyFiles: [`${S()}/data.csv`] }), 'pyFiles.0'],
  ['a file outside', () => ({ files: ['/etc/passwd'] }), 'files.0'],
  ['a file that is not there', () => ({ files: [`${S()}/none.csv`] }), 'files.0', 'not_found'],
  ['51 files', () => ({ files: Array.from({ length: 51 }, (_, i) => `${S()}/${i}.csv`) }), 'files'],
  ['two files of one name', () => ({ files: [`${S()}/data.csv`, `${S()}/a/data.csv`] }), 'files.1'],
  ['another target', () => ({ target: 'yarn' }), 'target'],
  ['retries below 0', () => ({ retries: -1 }), 'retries'],
  ['retries above 100', () => ({ retries: 101 }), 'retries'],
  ['half a retry', () => ({ retries: 1.5 }), 'retries'],
  ['retries without max', () => ({ retries: { delayMs: 1 } }), 'retries.max'],
  ['an unknown backoff', () => ({ retries: { max: 1, backoff: 'random' } }), 'retries.backoff'],
  ['jitter above 1', () => ({ retries: { max: 1, jitter: 2 } }), 'retries.jitter'],
  ['an unknown failure kind', () => ({ retries: { max: 1, notOn: ['bad_luck'] } }), 'retries.notOn.0'],
  ['a time-out below 1 s', () => ({ timeoutMs: 999 }), 'timeoutMs'],
  ['a time-out as text', () => ({ timeoutMs: '1000' }), 'timeoutMs'],
  ['priority 0', () => ({ priority: 0 }), 'priority'],
  ['priority 8', () => ({ priority: 8 }), 'priority'],
  ['21 labels', () => ({ labels: Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`k${i}`, 'v'])) }), 'labels'],
  ['a label that is an object', () => ({ labels: { a: { $ne: 1 } } }), 'labels.a'],
  ['a sha256 that is none', () => ({ sha256: 'abc' }), 'sha256'],
  ['an unknown field', () => ({ sparkMaster: 'yarn' }), 'sparkMaster'],
  ['an operator as field', () => ({ $where: '1' }), '$where'],
];

async function expectRefusal(
  reply: Promise<Awaited<ReturnType<typeof das.api.refused>>>,
  place: string,
  code: ProblemCode,
): Promise<void> {
  const { status, problem } = await reply;
  expect({ status, code: problem.code, places: problem.errors?.map(({ path }) => path) }).toEqual({
    status: PROBLEMS[code].status,
    code,
    places: [place],
  });
  expect(problem.errors?.[0]?.message.length).toBeGreaterThan(5);
}

describe('a run request', () => {
  test.each(RUN_REQUESTS)('%s', async (_, request, place, code = 'invalid_request') => {
    await expectRefusal(das.api.refused('submitRun', { body: { script: good, ...request() } }), place, code);
  });

  test.each(RUN_REQUESTS)('in a launch, beside a good one: %s', async (_, request, place, code = 'invalid_request') => {
    const items = [{ script: good }, { script: good, ...request() }];
    await expectRefusal(das.api.refused('createLaunch', { body: { items } }), `items.1.${place}`, code);
  });

  test('all its faults at once', async () => {
    const body = {
      script: `${S()}/../x.py`,
      args: ['\0', 1],
      conf: { 'spark.plugins': 'x' },
      pyFiles: ['/x.py'],
      priority: 9,
      more: 1,
    };
    const { problem } = await das.api.refused('submitRun', { body });
    const places = problem.errors?.map(({ path }) => path).toSorted();
    expect(places).toEqual(['args.0', 'args.1', 'conf.spark.plugins', 'more', 'priority', 'pyFiles.0', 'script']);
  });
});

describe('a launch', () => {
  test.each<Refusal>([
    ['no items', { items: [] }, 'items'],
    ['items that are no list', { items: {} }, 'items'],
    ['an item that is none', { items: ['x'] }, 'items.0'],
    ['defaults with a script', { items: [{ script: '/x' }], defaults: { script: '/x' } }, 'defaults.script'],
    ['a name of 201 characters', { name: 'x'.repeat(201) }, 'name'],
  ])('%s', async (_, request, place) => {
    const { status, problem } = await das.api.refused('createLaunch', {
      body: { items: [{ script: good }], ...request },
    });
    expect([status, problem.code]).toEqual([400, 'invalid_request']);
    expect(problem.errors?.map(({ path }) => path)).toContain(place);
  });

  test('1,001 items', async () => {
    const items = Array.from({ length: 1001 }, () => ({ script: good }));
    await expectRefusal(das.api.refused('createLaunch', { body: { items } }), 'items', 'invalid_request');
  });

  test('defaults that are at fault are told in the defaults', async () => {
    const body = { defaults: { pyFiles: [`${S()}/none.py`] }, items: [{ script: good }] };
    const { problem } = await das.api.refused('createLaunch', { body });
    expect([problem.code, problem.errors?.[0]?.path]).toEqual(['not_found', 'defaults.pyFiles.0']);
  });
});

test('none of all that has stored a run or a launch', async () => {
  expect(await das.db.runs.countDocuments()).toBe(0);
  expect(await das.db.launches.countDocuments()).toBe(0);
});

test('the same script twice in one launch is fine: two runs', async () => {
  const { body } = await das.call('createLaunch', { body: { items: [{ script: good }, { script: good }] } });
  expect(new Set(body.runs.map(({ id }) => id)).size).toBe(2);
});

test('a label may be called as it likes', async () => {
  const labels = { $where: '1', 'a.b': 'c', constructorx: 'd' };
  expect((await das.submit({ script: good, labels })).labels).toEqual(labels);
});

describe('a query', () => {
  test.each<[string, RouteName, () => Record<string, string>, string, ProblemCode?]>([
    ['a cursor that nobody gave', 'listRuns', () => ({ cursor: 'abc' }), 'query.cursor'],
    ['an operator as cursor', 'listScripts', () => ({ cursor: '{"$gt":""}' }), 'query.cursor'],
    ['limit 0', 'listRuns', () => ({ limit: '0' }), 'query.limit'],
    ['limit 201', 'listScripts', () => ({ limit: '201' }), 'query.limit'],
    ['limit 1.5', 'listLaunches', () => ({ limit: '1.5' }), 'query.limit'],
    ['limit x', 'listLaunches', () => ({ limit: 'x' }), 'query.limit'],
    ['an unknown name', 'listRuns', () => ({ colour: 'red' }), 'query.colour'],
    ['an unknown state', 'listRuns', () => ({ state: 'queued,sleeping' }), 'query.state.1'],
    ['an operator', 'listRuns', () => ({ 'state[$ne]': 'queued' }), 'query.state[$ne]'],
    ['a label that is no pair', 'listRuns', () => ({ label: 'x' }), 'query.label'],
    ['a time that is none', 'listRuns', () => ({ createdAfter: 'yesterday' }), 'query.createdAfter'],
    ['an unknown status', 'listScripts', () => ({ status: 'fine' }), 'query.status.0'],
    ['a prefix outside', 'listScripts', () => ({ prefix: '/etc' }), 'query.prefix'],
    ['no path', 'getScriptContent', () => ({}), 'query.path'],
    ['a preview outside', 'getScriptContent', () => ({ path: `${S()}/../x.py` }), 'query.path'],
    ['a preview in a prefix twin', 'getScriptContent', () => ({ path: `${S()}-evil/twin.py` }), 'query.path'],
    ['a preview of nothing', 'getScriptContent', () => ({ path: `${S()}/none.py` }), 'query.path', 'not_found'],
    [
      'a preview of too much',
      'getScriptContent',
      () => ({ path: `${S()}/huge.py` }),
      'query.path',
      'payload_too_large',
    ],
    [
      'a stored content that is not',
      'getScriptContent',
      () => ({ path: `${S()}/good.py`, sha256: '0'.repeat(64) }),
      'query.sha256',
      'not_found',
    ],
    ['a directory outside', 'listFiles', () => ({ path: '/' }), 'query.path'],
    ['a directory outside by %2e', 'listFiles', () => ({ path: `${S()}/%2e%2e` }), 'query.path'],
  ])('%s', async (_, route, query, place, code = 'invalid_request') => {
    await expectRefusal(das.api.refused(route, { query: query() }), place, code);
  });

  test('a name that is given twice', async () => {
    const { problem } = await das.api.refusedRaw(das.api.raw('GET', '/api/v1/runs?limit=1&limit=2'));
    expect(problem).toMatchObject({ code: 'invalid_request', errors: [{ path: 'query.limit' }] });
  });

  test('a directory that is not there', async () => {
    const { status, problem } = await das.api.refused('listFiles', { query: { path: `${S()}/none` } });
    expect([status, problem.code]).toEqual([404, 'not_found']);
  });

  test('attempt 0 of a run', async () => {
    await expectRefusal(das.api.refused('getLog', { params: { id: 'x', n: 0 } }), 'params.n', 'invalid_request');
  });
});

describe('a body', () => {
  const post = (body: string | Uint8Array, type: string | null = 'application/json') =>
    das.api.refusedRaw(
      das.api.raw('POST', '/api/v1/runs', { body, headers: type === null ? {} : { 'Content-Type': type } }),
    );

  test.each([
    ['half of it', '{"script": "/x'],
    ['no JSON', 'script=/x'],
    ['NaN', '{"priority": NaN}'],
    ['two of them', '{}{}'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['__proto__', '{"script": "/x", "__proto__": {"isAdmin": true}}'],
    ['__proto__ deep inside', '{"labels": {"a": {"__proto__": 1}}}'],
    ['constructor', '{"constructor": {}}'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a text', '"x"'],
  ])('%s', async (_, body) => {
    await expectRefusal(post(body), 'body', 'invalid_request');
  });

  test('nested ten thousand deep', async () => {
    const { problem } = await post(`{"conf":${'['.repeat(10_000)}${']'.repeat(10_000)}}`);
    expect(problem.code).toBe('invalid_request');
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/json; charset=latin1',
  ])('as %s', async (type) => {
    const { status, problem } = await post(JSON.stringify({ script: good }), type);
    expect([status, problem.code]).toEqual([415, 'unsupported_media_type']);
  });

  test('without a type', async () => {
    const { problem } = await post(Buffer.from(JSON.stringify({ script: good })), null);
    expect(problem.code).toBe('unsupported_media_type');
  });

  test('more than 1 MiB; a launch may have 8', async () => {
    const much = { script: good, labels: { a: 'x'.repeat(1024 * 1024) } };
    const { status, problem } = await das.api.refused('submitRun', { body: much });
    expect([status, problem.code]).toEqual([413, 'payload_too_large']);
    const { problem: told } = await das.api.refused('createLaunch', { body: { items: [much] } });
    expect(told.code).toBe('invalid_request');
  });

  test('of a re-run', async () => {
    const run = await das.submit({ script: good });
    const rerun = (body: unknown) => das.api.refused('rerunRun', { params: { id: run.id }, body });
    await expectRefusal(rerun({ version: 'newest' }), 'version', 'invalid_request');
    await expectRefusal(rerun({ overrides: { args: ['\0'] } }), 'overrides.args.0', 'invalid_request');
    await expectRefusal(rerun({ overrides: { script: good } }), 'overrides.script', 'invalid_request');
    await expectRefusal(
      rerun({ overrides: { conf: { 'spark.plugins': 'x' } } }),
      'overrides.conf.spark.plugins',
      'invalid_request',
    );
    await expectRefusal(rerun({ overrides: { pyFiles: [`${S()}/none.py`] } }), 'overrides.pyFiles.0', 'not_found');
  });

  test('where none is taken', async () => {
    await expectRefusal(das.api.refused('startScan', { body: { path: '/' } }), 'path', 'invalid_request');
  });
});

describe('ids that are none', () => {
  const strange = ['none', '../..', '{"$gt":""}', '\u0000', 'x'.repeat(64)];
  const routes: [RouteName, CallOptions<RouteName>['params']][] = [
    ['getRun', {}],
    ['getRunEvents', {}],
    ['cancelRun', {}],
    ['rerunRun', {}],
    ['getLog', { n: 1 }],
    ['getLaunch', {}],
    ['listLaunchRuns', {}],
    ['cancelLaunch', {}],
    ['getScan', {}],
  ];
  test.each(routes)('%s', async (route, params) => {
    for (const id of strange) {
      const { status, problem } = await das.api.refused(route, { params: { ...params, id } });
      expect([id, status, problem.code]).toEqual([id, 404, 'not_found']);
    }
  });

  test('an id of 65 characters', async () => {
    await expectRefusal(das.api.refused('getRun', { params: { id: 'x'.repeat(65) } }), 'params.id', 'invalid_request');
  });

  test('an address that is none', async () => {
    for (const path of ['/api/v1/nothing', '/api/v2/runs', '/api/v1/runs/', '/api/V1/runs']) {
      const { status, problem } = await das.api.refusedRaw(das.api.raw('GET', path));
      expect([path, status, problem.code]).toEqual([path, 404, 'not_found']);
    }
  });
});

describe('headers', () => {
  test.each([
    ['with a blank', 'a b'],
    ['of 256 characters', 'x'.repeat(256)],
    ['beyond ASCII', 'schl\u00fcssel'],
  ])('an Idempotency-Key %s', async (_, key) => {
    const reply = das.api.refused('submitRun', { body: { script: good }, headers: { 'Idempotency-Key': key } });
    await expectRefusal(reply, 'header.Idempotency-Key', 'invalid_request');
  });

  test('the same key: one run; with another body: a conflict; of another submitter: another run', async () => {
    const headers = { 'Idempotency-Key': 'once-and-for-all' };
    const calls = Array.from({ length: 5 }, () => das.call('submitRun', { body: { script: good }, headers }));
    const replies = await Promise.all(calls);
    expect(new Set(replies.map(({ body }) => body.id)).size).toBe(1);
    expect(replies.filter(({ status }) => status === 202)).toHaveLength(1);
    const { problem } = await das.api.refused('submitRun', { body: { script: good, priority: 1 }, headers });
    expect(problem.code).toBe('idempotency_conflict');
    const other = await das.call('submitRun', {
      body: { script: good },
      headers: { ...headers, 'X-DAS-Submitter': 'ada' },
    });
    expect(other.body).toMatchObject({ submittedBy: { id: 'ada', via: 'header' } });
    expect(other.body.id).not.toBe(replies[0]?.body.id);
  });

  test('a submitter of 129 characters', async () => {
    const headers = { 'X-DAS-Submitter': 'x'.repeat(129) };
    await expectRefusal(
      das.api.refused('submitRun', { body: { script: good }, headers }),
      'header.X-DAS-Submitter',
      'invalid_request',
    );
  });

  test.each([
    ['a foreign Origin', { Origin: 'https://evil.example' }],
    ['an Origin on another port', { Origin: 'http://127.0.0.1:1' }],
    ['no origin', { Origin: 'null' }],
    ['another site, as browsers tell it', { 'Sec-Fetch-Site': 'cross-site' }],
  ])('%s', async (_, headers) => {
    const { status, problem } = await das.api.refused('submitRun', {
      body: { script: good },
      headers: headers as Record<string, string>,
    });
    expect([status, problem.code]).toEqual([403, 'forbidden']);
  });
});

describe('where a token is set', () => {
  const OPEN = ['openSession', 'closeSession', 'getHealth', 'getReadiness'];
  test('no call is answered without it, but those that are open; a wrong one is refused', async () => {
    const { ROUTES } = await import('@das/contracts/routes');
    const api = await das.addApi({ API_TOKEN: 'secret-of-the-test' });
    const stranger = api.with({ Authorization: '' });
    for (const route of Object.keys(ROUTES) as RouteName[]) {
      if (OPEN.includes(route)) continue;
      const { status, problem } = await stranger.refused(route, { params: { id: 'x', n: 1 } });
      expect([route, status, problem.code]).toEqual([route, 401, 'unauthenticated']);
    }
    const { problem } = await api.with({ Authorization: 'Bearer wrong' }).refused('listRuns');
    expect(problem.code).toBe('unauthenticated');
    const run = (await api.call('submitRun', { body: { script: good } })).body;
    expect(run.submittedBy).toEqual({ id: 'token', via: 'token' });
    const { headers } = await api.call('openSession', { body: { token: 'secret-of-the-test' } });
    const cookie = headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).toMatch(/SameSite=Strict/i);
    expect(cookie).not.toContain('secret-of-the-test');
    const session = stranger.with({ Cookie: cookie.split(';')[0] ?? '' });
    expect((await session.call('submitRun', { body: { script: good } })).body.submittedBy.via).toBe('session');
    await session.refused('submitRun', { body: { script: good }, headers: { Origin: 'https://evil.example' } });
  });
});

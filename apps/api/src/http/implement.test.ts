import { ROUTES } from '@das/contracts/routes';
import { expect, it } from 'vitest';
import { checkRunRequest } from '../runs/request-rules.ts';
import { implement } from './implement.ts';
import type { RawCall } from './implement.ts';

const raw = (given: Partial<RawCall> & { headers?: Record<string, string> }) =>
  ({
    params: {},
    query: {},
    body: undefined,
    caller: { id: 'a', via: 'header' },
    header: (name: string) => given.headers?.[name],
    ...given,
  }) as RawCall;
const faultsOf = (promise: Promise<unknown>) =>
  promise.then(
    () => [],
    (error: { errors: { path: string }[] }) => error.errors.map(({ path }) => path),
  );

const submit = implement(ROUTES.submitRun)(
  async () => {
    throw new Error('reached');
  },
  checkRunRequest({ scriptsDir: '/s', extraConf: [] }),
);

it('tells all faults of a request at once, each with its place', async () => {
  const body = {
    script: '/etc/passwd',
    args: ['ok', 'a\0'],
    conf: { 'spark.plugins': 'x', 'spark.driver.memory': 'much' },
    pyFiles: ['/s/a.txt', '/s/x/m.py', '/s/y/m.py'],
    retries: { max: 200 },
    foo: 1,
  };
  const faults = await faultsOf(submit.handle(raw({ body, query: { x: '1' }, headers: { 'idempotency-key': 'ä b' } })));
  expect(faults.toSorted()).toEqual(
    [
      'args.1',
      'conf.spark.driver.memory',
      'conf.spark.plugins',
      'foo',
      'header.Idempotency-Key',
      'pyFiles.0',
      'pyFiles.2',
      'query.x',
      'retries.max',
      'script',
    ].toSorted(),
  );
});

it.each([[undefined], [null], [[]], ['x'], [{ script: 5, conf: [], pyFiles: {} }]])(
  'takes any body for what it is: %j',
  async (body) => {
    await expect(submit.handle(raw({ body }))).rejects.toMatchObject({ code: 'invalid_request' });
  },
);

it('hands the handler what the schemas made of the request', async () => {
  const list = implement(ROUTES.listRuns)(async ({ query }) => {
    expect(query).toEqual({ limit: 7, state: ['queued', 'running'], label: 'team:x:y' });
    return { status: 200, body: { items: [], nextCursor: null } };
  });
  await list.handle(raw({ query: { limit: '7', state: 'queued,running', label: 'team:x:y' } }));
});

it('takes an empty object where a call has no body, and nothing else', async () => {
  const cancel = implement(ROUTES.startScan)(async ({ body, idempotency }) => {
    expect([body, idempotency]).toEqual([undefined, null]);
    throw new Error('reached');
  });
  await expect(cancel.handle(raw({ body: {} }))).rejects.toThrow('reached');
  await expect(cancel.handle(raw({}))).rejects.toThrow('reached');
  expect(await faultsOf(cancel.handle(raw({ body: { x: 1 } })))).toEqual(['x']);
});

it('tells two requests under one key apart by all that was asked', async () => {
  const calls: unknown[] = [];
  const cancel = implement(ROUTES.cancelRun)(async ({ idempotency }) => {
    calls.push(idempotency);
    throw new Error('reached');
  });
  const headers = { 'idempotency-key': 'k' };
  for (const id of ['1', '1', '2']) await cancel.handle(raw({ params: { id }, headers })).catch(() => undefined);
  const [first, again, other] = calls as { id: string; bodyHash: string }[];
  expect(again).toEqual(first);
  expect(other?.id).toBe(first?.id);
  expect(other?.bodyHash).not.toBe(first?.bodyHash);
});

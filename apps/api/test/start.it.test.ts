import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDas } from '@das/testkit/das';
import type { Das } from '@das/testkit/das';
import type { Env } from '@das/testkit/das-settings';

/** What a start is refused for: told at once, all of it, with exit status 78. */
let das: Das;
beforeAll(async () => {
  das = await startDas({ api: 0, workers: 0, stub: true });
});
afterAll(() => das[Symbol.asyncDispose]());

async function refusedStart(name: 'api' | 'worker', env: Env): Promise<{ code: number | null; log: string }> {
  const app = await das.spawn(name, env);
  const { code } = await app.ends();
  return { code, log: app.log };
}

test.each(['0.0.0.0', '::', '192.0.2.1'])('API_HOST=%s without a token', async (API_HOST) => {
  const { code, log } = await refusedStart('api', { API_HOST });
  expect(code).toBe(78);
  expect(log).toContain('API_HOST');
  expect(log).toContain('API_TOKEN');
});

test('every address with a token', async () => {
  const api = await das.addApi({ API_HOST: '0.0.0.0', API_TOKEN: 'secret-of-the-test' });
  expect((await api.call('listRuns')).body.items).toEqual([]);
});

test('settings of the API that are wrong: all of them', async () => {
  const { code, log } = await refusedStart('api', {
    API_PORT: 'many',
    MONGODB_URI: 'http://nowhere',
    HDFS_SCRIPTS_DIR: 'relative/path/',
    SCAN_INTERVAL_MS: '-1',
    LOG_LEVEL: 'loud',
  });
  expect(code).toBe(78);
  for (const name of ['API_PORT', 'MONGODB_URI', 'HDFS_SCRIPTS_DIR', 'SCAN_INTERVAL_MS', 'LOG_LEVEL'])
    expect(log).toContain(`${name}:`);
});

test('settings of a worker that are wrong: all of them', async () => {
  const { code, log } = await refusedStart('worker', {
    WORKER_CONCURRENCY: '0',
    LEASE_MS: '10',
    REDIS_URL: 'localhost',
  });
  expect(code).toBe(78);
  for (const name of ['WORKER_CONCURRENCY', 'LEASE_MS', 'REDIS_URL']) expect(log).toContain(`${name}:`);
});

test('no password is printed', async () => {
  const uri = 'mongodb://das:hush-hush@127.0.0.1:9/?replicaSet=rs0';
  const app = await das.spawn('api', { MONGODB_URI: uri });
  await app.printed(/MongoDB does not answer/);
  app.kill('SIGTERM');
  await app.exited;
  expect(app.log).not.toContain('hush-hush');
});

import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bundleApps } from './bundle.ts';
import { repositoryRoot } from './settings.ts';

const run = promisify(execFile);

/** Elsewhere, as in an image: without node_modules above it. */
let elsewhere: string;
beforeAll(async () => {
  elsewhere = await mkdtemp(join(tmpdir(), 'das-bundle-'));
  await bundleApps(repositoryRoot);
  for (const app of ['api', 'worker'])
    await cp(join(repositoryRoot, 'apps', app, 'dist'), join(elsewhere, app), { recursive: true });
}, 60_000);
afterAll(() => rm(elsewhere, { recursive: true, force: true }));

test.each(['api', 'worker'])(
  'the %s loads all that it needs from its one file, then refuses a wrong setting',
  async (app) => {
    const started = run(process.execPath, [join(elsewhere, app, 'main.cjs')], {
      cwd: elsewhere,
      env: { LEASE_MS: 'none' },
    });
    await expect(started).rejects.toMatchObject({ code: 78, stderr: expect.stringContaining('LEASE_MS') as string });
  },
);

test('so does the health check, which then finds no MongoDB', async () => {
  const env = { MONGODB_URI: 'mongodb://127.0.0.1:1/?directConnection=true&serverSelectionTimeoutMS=100' };
  const started = run(process.execPath, [join(elsewhere, 'worker', 'health-check.cjs')], { cwd: elsewhere, env });
  await expect(started).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('ECONNREFUSED') as string });
});

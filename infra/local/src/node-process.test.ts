import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { API_FLAGS, WORKER_ENVIRONMENT, WORKER_FLAGS } from './node-process.ts';
import { repositoryRoot } from './settings.ts';

const read = (path: string) => readFile(join(repositoryRoot, path), 'utf8');
const environment = Object.entries(WORKER_ENVIRONMENT).map(([name, value]) => `${name}=${value}`);

test.each([
  ['api', API_FLAGS],
  ['worker', WORKER_FLAGS],
])('the image of the %s starts it, and compiles for it, with the same flags as npm start', async (app, flags) => {
  const dockerfile = await read('infra/docker/Dockerfile');
  const main = `apps/${app}/src/main.ts`;
  expect(dockerfile).toContain(`CMD ["node", ${[...flags, main].map((part) => `"${part}"`).join(', ')}]`);
  expect(dockerfile).toContain(`RUN (LEASE_MS=none node ${[...flags, main].join(' ')} ||`);
});

test('the image of the worker has its environment', async () => {
  const [, worker = ''] = (await read('infra/docker/Dockerfile')).split(/^FROM \S+ AS worker$/m);
  for (const setting of environment) expect(worker).toMatch(new RegExp(`^  ${setting}$`, 'm'));
});

test('so do the scripts of the packages', async () => {
  const start = async (app: string) => (JSON.parse(await read(`apps/${app}/package.json`)) as Scripts).scripts.start;
  expect(await start('api')).toBe(['node', ...API_FLAGS, 'src/main.ts'].join(' '));
  expect(await start('worker')).toBe([...environment, 'node', ...WORKER_FLAGS, 'src/main.ts'].join(' '));
});

type Scripts = { scripts: { start: string } };

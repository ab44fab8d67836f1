import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { API_FLAGS, ONE_ARENA, WORKER_FLAGS } from './node-process.ts';
import { repositoryRoot } from './settings.ts';

const read = (path: string) => readFile(join(repositoryRoot, path), 'utf8');

describe.each([
  ['api', API_FLAGS],
  ['worker', WORKER_FLAGS],
])('the %s is run as npm start runs it', (app, flags) => {
  const main = `apps/${app}/dist/main.cjs`;

  test('by its image, which compiles for the same flags', async () => {
    const image = (await read('infra/docker/Dockerfile')).split(/^FROM /m).find((stage) => stage.includes(main)) ?? '';
    expect(image).toContain(`CMD ["node", ${[...flags, main].map((part) => `"${part}"`).join(', ')}]`);
    expect(image).toContain(`RUN (LEASE_MS=none node ${[...flags, main].join(' ')} ||`);
    expect(image).toMatch(new RegExp(`^ {2}MALLOC_ARENA_MAX=${ONE_ARENA.MALLOC_ARENA_MAX}$`, 'm'));
  });

  test("by the package's own script", async () => {
    const { scripts } = JSON.parse(await read(`apps/${app}/package.json`)) as { scripts: { start: string } };
    const arena = `MALLOC_ARENA_MAX=${ONE_ARENA.MALLOC_ARENA_MAX}`;
    expect(scripts.start).toBe([arena, 'node', ...flags, 'dist/main.cjs'].join(' '));
  });
});

import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from './settings.ts';

const run = promisify(execFile);

/** The checks run on a copy of what git knows, so that nothing planted can be left behind. */
async function copyRepository(copy: string): Promise<void> {
  const { stdout } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: repositoryRoot,
    maxBuffer: 1e8,
  });
  for (const file of stdout.split('\0').filter(Boolean)) {
    await cp(join(repositoryRoot, file), join(copy, file), { recursive: true }).catch(ignoreMissing);
  }
  for (const place of ['node_modules', 'apps/ui/node_modules']) {
    await symlink(join(repositoryRoot, place), join(copy, place)).catch(ignoreMissing);
  }
}

/** Deleted but not yet committed, or not there on this machine. */
function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
}

const PLANTED = [
  {
    check: 'types',
    file: 'packages/contracts/src/planted.ts',
    source: `export const planted: number = 'a string';\n`,
    command: ['npm', 'run', 'types', '-w', 'packages/contracts'],
    says: /planted\.ts.*TS2322/s,
  },
  {
    check: 'types of the dashboard (svelte-check)',
    file: 'apps/ui/src/lib/Planted.svelte',
    source: `<script lang="ts">\n  const planted: number = 'a string';\n</script>\n\n{planted}\n`,
    command: ['npm', 'run', 'types', '-w', 'apps/ui'],
    says: /Planted\.svelte/,
  },
  {
    check: 'lint',
    file: 'packages/core/src/domain/planted.ts',
    source: `async function planted(): Promise<void> {}\nplanted();\n`,
    command: ['npx', 'eslint', 'packages/core/src/domain/planted.ts'],
    says: /no-floating-promises/,
  },
  {
    check: 'format',
    file: 'packages/contracts/src/planted.ts',
    source: `export   const planted = "badly formatted"\n`,
    command: ['npx', 'prettier', '--check', 'packages/contracts/src'],
    says: /planted\.ts/,
  },
  {
    check: 'unused code',
    file: 'packages/core/src/domain/planted.ts',
    source: `export const planted = 1;\n`,
    command: ['npm', 'run', 'unused'],
    says: /planted\.ts/,
  },
  {
    check: 'import direction',
    file: 'packages/contracts/src/planted.ts',
    source: `export { newId } from '../../core/src/domain/ids.ts';\n`,
    command: ['npm', 'run', 'imports'],
    says: /contracts-import-zod-only.*planted\.ts/s,
  },
];

/** A check keeps one core busy, so two run at a time, on a copy each. The first two take as long as the rest. */
const LANES = [PLANTED.slice(0, 2), PLANTED.slice(2)];

describe.concurrent.each(LANES.map((lane) => ({ lane })))('npm run check', ({ lane }) => {
  let copy: string;
  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'das-checks-'));
    await copyRepository(copy);
  });
  afterAll(() => rm(copy, { recursive: true, force: true }));

  it.each(lane)('fails on a planted error: $check', { concurrent: false }, async ({ file, source, command, says }) => {
    const path = join(copy, file);
    await writeFile(path, source);
    const [program = '', ...args] = command;
    const env = {
      ...process.env,
      PATH: `${join(repositoryRoot, 'node_modules/.bin')}:${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    };
    const failure = await run(program, args, { cwd: copy, env, maxBuffer: 1e8 }).then(
      () => null,
      (error: { stdout: string; stderr: string }) => error,
    );
    await rm(path);
    expect(failure, `${command.join(' ')} did not fail`).not.toBeNull();
    expect(`${failure?.stdout ?? ''}${failure?.stderr ?? ''}`).toMatch(says);
  });
});

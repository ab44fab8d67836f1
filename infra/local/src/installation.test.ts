import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { installOnce, isInstalled } from './install-once.ts';
import { javaMajor } from './machine.ts';
import { isRecentRedis } from './prepare.ts';
import { sourceHash } from './ui.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'das-install-'));
});
afterEach(() => rm(root, { recursive: true }));

test('an installation is made once for each spec', async () => {
  const dir = join(root, 'part');
  const made: string[] = [];
  const install = (spec: string) =>
    installOnce(dir, spec, async () => {
      made.push(spec);
      await mkdir(dir);
    });
  await install('a==1');
  await install('a==1');
  await install('a==2');
  expect(made).toEqual(['a==1', 'a==2']);
});

test('what an interrupted installation left is thrown away', async () => {
  const dir = join(root, 'part');
  const interrupted = installOnce(dir, 'a==1', async () => {
    await mkdir(dir);
    await writeFile(join(dir, 'half'), '');
    throw new Error('Ctrl-C');
  });
  await expect(interrupted).rejects.toThrow('Ctrl-C');
  expect(await isInstalled(dir, 'a==1')).toBe(false);
  await installOnce(dir, 'a==1', () => mkdir(dir).then(() => undefined));
  expect(await isInstalled(dir, 'a==1')).toBe(true);
  expect(existsSync(join(dir, 'half'))).toBe(false);
});

test('the hash of the dashboard changes with its sources, not with what is made of them', async () => {
  await mkdir(join(root, 'ui/build'), { recursive: true });
  await writeFile(join(root, 'ui/app.ts'), '1');
  const before = await sourceHash(root, ['ui']);
  await writeFile(join(root, 'ui/build/app.js'), 'made');
  expect(await sourceHash(root, ['ui'])).toBe(before);
  await writeFile(join(root, 'ui/app.ts'), '2');
  const changed = await sourceHash(root, ['ui']);
  expect(changed).not.toBe(before);
  await writeFile(join(root, 'ui/more.ts'), '');
  expect(await sourceHash(root, ['ui'])).not.toBe(changed);
});

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['java version "1.8.0_392"', 8],
  ['openjdk version "25-ea" 2025-09-16', 25],
  ['The operation couldn’t be completed. Unable to locate a Java Runtime.', undefined],
])('%s is Java %s', (text, major) => expect(javaMajor(text)).toBe(major));

test.each([
  ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64', true],
  ['Redis server v=6.0.16 sha=00000000:0', false],
  ['Redis server v=10.1.0', true],
  ['', false],
])('%s is recent enough: %s', (text, recent) => expect(isRecentRedis(text)).toBe(recent));

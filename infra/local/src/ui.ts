import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { run } from './command.ts';
import { withLock } from './file-lock.ts';
import type { Machine } from './machine.ts';

/** What the dashboard is made of. */
const SOURCES = ['apps/ui', 'packages/contracts'];
const MADE = new Set(['node_modules', 'build', '.svelte-kit', '.turbo', 'coverage', 'test-results']);

/** Builds the dashboard unless apps/ui/build is of these very sources. The stamp is written last. */
export async function buildUiIfStale(options: Machine & { root: string }): Promise<void> {
  const { root, steps, signal } = options;
  const stamp = join(root, '.das/ui.stamp');
  await mkdir(dirname(stamp), { recursive: true, mode: 0o700 });
  await withLock(join(root, '.das/ui.lock'), build, { signal });

  async function build(): Promise<void> {
    const hash = await sourceHash(root, SOURCES);
    const built = existsSync(join(root, 'apps/ui/build/index.html'));
    if (built && (await readFile(stamp, 'utf8').catch(() => '')) === hash) return;
    await rm(stamp, { force: true });
    await steps.run('Dashboard', async () => {
      const cwd = join(root, 'apps/ui');
      await run(process.execPath, [join(root, 'node_modules/vite/bin/vite.js'), 'build'], {
        env: options.env,
        cwd,
        signal,
      });
    });
    await writeFile(stamp, hash);
  }
}

/** sha256 over names and bytes of all source files (tests too: simpler than knowing what a build reads). */
export async function sourceHash(root: string, directories: string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const directory of directories) {
    for (const file of await sourceFiles(join(root, directory))) {
      hash.update(`${relative(root, file)}\0`).update(
        createHash('sha256')
          .update(await readFile(file))
          .digest(),
      );
    }
  }
  return hash.digest('hex');
}

async function sourceFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const kept = entries.filter(({ name }) => !MADE.has(name)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const nested = await Promise.all(
    kept.map(async (entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return sourceFiles(path);
      return entry.isFile() ? [path] : [];
    }),
  );
  return nested.flat();
}

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const STAMP = '.installed';

/** True if `dir` holds a finished installation of exactly `spec`. */
export async function isInstalled(dir: string, spec: string): Promise<boolean> {
  return (await readFile(join(dir, STAMP), 'utf8').catch(() => '')) === spec;
}

/**
 * Fills an empty `dir` by `install` unless it holds `spec` already. The stamp is written last, so an installation that was
 * interrupted anywhere is thrown away and made again. One process at a time: the caller holds the lock.
 */
export async function installOnce(dir: string, spec: string, install: () => Promise<void>): Promise<void> {
  if (await isInstalled(dir, spec)) return;
  await rm(dir, { recursive: true, force: true });
  await mkdir(dirname(dir), { recursive: true, mode: 0o700 });
  await install();
  const stamp = join(dir, STAMP);
  await writeFile(`${stamp}.new`, spec);
  await rename(`${stamp}.new`, stamp);
}

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { removeTree } from './remove-tree.ts';

/** A folder in which a Python script has done this. */
function leftBy(source: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'das-tree-'));
  execFileSync('python3', ['-c', source], { cwd: directory });
  return directory;
}

test('a tree whose paths are longer than the kernel takes', async () => {
  const directory = leftBy(
    'import os\nfor _ in range(600):\n    os.mkdir("copy-of-itself")\n    os.chdir("copy-of-itself")\n',
  );
  await removeTree(directory);
  expect(existsSync(directory)).toBe(false);
});

test('names that are no text', async () => {
  const directory = leftBy(
    'import os\nos.mkdir(b"\\xff\\n")\nopen(b"\\xff\\n/\\x80-rf", "w").close()\nopen("-rf", "w").close()\n',
  );
  await removeTree(directory);
  expect(existsSync(directory)).toBe(false);
});

/** Root may do anything, unless it is without its capabilities. */
function removePlainly(directory: string): void {
  const plainly = process.getuid?.() === 0 ? ['/usr/bin/setpriv', '--bounding-set', '-all'] : [];
  const module = readFileSync(new URL('remove-tree.ts', import.meta.url), 'utf8');
  const source = `${module}\nawait removeTree(${JSON.stringify(directory)});`;
  const [command = '', ...args] = [...plainly, process.execPath, '--input-type=module-typescript', '-e', source];
  execFileSync(command, args, { stdio: 'pipe' });
}

test('folders that may not be entered or written', () => {
  const directory = leftBy(`import os
os.makedirs("a/b/c")
open("a/b/c/file", "w").close()
for folder, mode in ("a/b/c", 0o555), ("a/b", 0), (".", 0o500): os.chmod(folder, mode)
`);
  removePlainly(directory);
  expect(existsSync(directory)).toBe(false);
});

test('where something stays it says so', async () => {
  const directory = leftBy('import os\nos.mkdir("stays")\nos.chmod(".", 0o500)\n');
  expect(() => removePlainly(join(directory, 'stays'))).toThrow(/not all of .*stays could be removed/);
  await removeTree(directory);
});

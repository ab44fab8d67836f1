import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { writeHdfsFile, type HdfsTarget } from './webhdfs-write.ts';

/** Puts the examples into the scripts directory the first time; what people change or delete there stays so. */
export async function uploadExamplesOnce(options: {
  examples: string;
  /** Lies in the home, beside the HDFS that it speaks of. */
  marker: string;
  target: HdfsTarget;
  directory: string;
}): Promise<number> {
  const { examples, marker, target, directory } = options;
  if (existsSync(marker) || !existsSync(examples)) return 0;
  const files = await filesBelow(examples);
  for (const file of files) {
    const path = `${directory}/${relative(examples, file).split(sep).join('/')}`;
    await writeHdfsFile(target, path, await readFile(file));
  }
  await writeFile(marker, '');
  return files.length;
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !/(^|\/)(__pycache__|\.[^/]*)(\/|$)/.test(relative(directory, file).split(sep).join('/')))
    .toSorted();
}

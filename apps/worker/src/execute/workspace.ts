import { mkdirSync, rmdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { removeTree } from '../remove-tree.ts';
import { SMALL_BYTES } from '../small-files.ts';

/** Of this process; an attempt that is claimed anew gets another folder than the one before. */
let made = 0;
const PRIVATE = { mode: 0o700 };

/**
 * The private folder of one attempt (0700), gone when the attempt is over: the script, and Spark's scratch space. Folders and small
 * files are made and removed by synchronous calls (small-files.ts), and few of them: to remove a folder takes half a millisecond while others work.
 */
export class Workspace implements AsyncDisposable {
  readonly directory: string;
  /** Spark's scratch space and the script's TMPDIR. */
  readonly scratch: string;
  readonly resultFile: string;
  /** The joined log waits here for MongoDB. */
  readonly spoolFile: string;
  readonly #written: string[] = [];

  constructor(root: string, runId: string, attempt: number) {
    this.directory = join(root, `${runId}-${attempt}-${++made}`);
    this.scratch = join(this.directory, 'tmp');
    this.resultFile = join(this.directory, 'result.json');
    this.spoolFile = join(this.directory, 'log.spool');
  }

  make(): void {
    for (const directory of [this.directory, this.scratch]) mkdirSync(directory, PRIVATE);
  }

  /** Where the `index`-th file of the manifest is put: all but the script in a folder each, so that two of one name do not meet. */
  placeFor(index: number, path: string, role: 'script' | 'pyFile' | 'file'): string {
    return join(this.directory, ...(role === 'script' ? [safeName(path)] : [String(index), basename(path)]));
  }

  /** `place` as `placeFor` gave it. */
  async put(place: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    if (dirname(place) !== this.directory) mkdirSync(dirname(place), PRIVATE);
    this.#written.push(place);
    if (bytes.length <= SMALL_BYTES) writeFileSync(place, bytes, { mode: 0o600 });
    else await writeFile(place, bytes, { mode: 0o600, signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#removeOwn()) await removeTree(this.directory);
  }

  /** False when there is more than DAS has put there, and a result. */
  #removeOwn(): boolean {
    try {
      for (const place of this.#written) {
        unlinkSync(place);
        if (dirname(place) !== this.directory) rmdirSync(dirname(place));
      }
      rmdirSync(this.scratch);
      rmSync(this.resultFile, { force: true });
      rmdirSync(this.directory);
      return true;
    } catch {
      return false;
    }
  }
}

/** An ASCII file name for the private copy of a script, whatever the original is called. */
export function safeName(path: string): string {
  const stem = basename(path, '.py')
    .replaceAll(/[^A-Za-z0-9_-]/g, '_')
    .slice(0, 100);
  return `${/^[A-Za-z_]/.test(stem) ? stem : `script_${stem}`}.py`;
}

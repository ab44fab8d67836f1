import { mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** Of this process; an attempt that is claimed anew gets another folder than the one before. */
let made = 0;

/** The private folder of one attempt (0700), gone when the attempt is over. */
export class Workspace implements AsyncDisposable {
  readonly directory: string;
  readonly files: string;
  readonly logs: string;
  /** Spark's scratch space and the script's TMPDIR. */
  readonly scratch: string;
  readonly resultFile: string;

  constructor(root: string, runId: string, attempt: number) {
    this.directory = join(root, `${runId}-${attempt}-${++made}`);
    this.files = join(this.directory, 'files');
    this.logs = join(this.directory, 'logs');
    this.scratch = join(this.directory, 'tmp');
    this.resultFile = join(this.directory, 'result.json');
  }

  /** With room for so many files. */
  async make(count: number): Promise<void> {
    await mkdir(this.directory, { mode: 0o700 });
    const within = [this.files, this.logs, this.scratch].map((directory) => mkdir(directory, { mode: 0o700 }));
    await Promise.all(within);
    await Promise.all(Array.from({ length: count }, (_, index) => mkdir(join(this.files, String(index)), { mode: 0o700 }))); // prettier-ignore
  }

  /** Where the `index`-th file of the manifest is put: a folder each, so that two of one name do not meet. */
  placeFor(index: number, path: string, role: 'script' | 'pyFile' | 'file'): string {
    return join(this.files, String(index), role === 'script' ? safeName(path) : basename(path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** An ASCII file name for the private copy of a script, whatever the original is called. */
export function safeName(path: string): string {
  const stem = basename(path, '.py')
    .replaceAll(/[^A-Za-z0-9_-]/g, '_')
    .slice(0, 100);
  return `${/^[A-Za-z_]/.test(stem) ? stem : `script_${stem}`}.py`;
}

import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** An executable in spark-submit's place that notes when it was executed, then sleeps and ends as it is told to. */
export class Stub {
  readonly path: string;
  readonly #notes: string;

  private constructor(directory: string) {
    this.path = join(directory, 'stub');
    this.#notes = join(directory, 'notes');
  }

  /**
   * `sleepS`: how long it takes, or that the last argument tells; `failures`: how many of its first executions fail; `notes: false`: it notes nothing, which saves the process that
   * tells the time.
   */
  static async make(
    options: { sleepS?: number | 'last argument'; failures?: number; notes?: boolean } = {},
  ): Promise<Stub> {
    const stub = new Stub(await mkdtemp(join(tmpdir(), 'das-bench-')));
    const lines = ['#!/bin/sh'];
    if (options.notes !== false) lines.push(`date +%s%N >> "${stub.#notes}"`);
    if (options.sleepS === 'last argument') lines.push('for seconds; do :; done', 'sleep "$seconds"');
    else if (options.sleepS) lines.push(`sleep ${options.sleepS}`);
    if (options.failures) lines.push(`[ "$(wc -l < "${stub.#notes}")" -gt ${options.failures} ] || exit 1`);
    await writeFile(stub.path, `${lines.join('\n')}\nexit 0\n`);
    await chmod(stub.path, 0o755);
    return stub;
  }

  /** When it was executed, in Unix milliseconds. */
  async times(): Promise<number[]> {
    const text = await readFile(this.#notes, 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => Number(BigInt(line) / 1000n) / 1000);
  }
}

/** Unix milliseconds with a fraction, as `Stub.times` gives them. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now();
}

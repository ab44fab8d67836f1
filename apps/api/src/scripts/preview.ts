import type { ScriptContent } from '@das/contracts/script';
import { incompleteTail } from '@das/core/domain/utf8';
import type { ContentStore } from '@das/core/mongo/content-store';
import type { ScriptStore } from '@das/core/mongo/script-store';
import { ApiProblem } from '../http/api-problem.ts';
import type { HdfsBounds } from '../http/deadline.ts';
import type { Pinning } from '../runs/pinning.ts';

/** Most of a script that a preview shows, in bytes. */
const SHOWN_BYTES = 1024 * 1024;

/** Contents for people to read. What is previewed is stored: exactly that can then be run, by its hash. */
export class Preview {
  readonly #pinning: Pinning;
  readonly #contents: ContentStore;
  readonly #scripts: ScriptStore;

  constructor(options: { pinning: Pinning; contents: ContentStore; scripts: ScriptStore }) {
    this.#pinning = options.pinning;
    this.#contents = options.contents;
    this.#scripts = options.scripts;
  }

  /** What the file holds now. Throws ApiProblem, HdfsUnavailable. */
  async current(path: string, bounds: HdfsBounds): Promise<ScriptContent> {
    const [entry] = await this.#pinning.pin([{ role: 'script', path, at: 'query.path' }], bounds);
    return this.stored(path, (entry as { sha256: string }).sha256);
  }

  /** One stored content; HDFS is not asked. Throws ApiProblem. */
  async stored(path: string, sha256: string): Promise<ScriptContent> {
    const [content, script] = await Promise.all([this.#contents.get(sha256), this.#scripts.find(path)]);
    if (!content) {
      const message = `no content ${sha256} is stored`;
      throw new ApiProblem('not_found', message, { errors: [{ path: 'query.sha256', message }] });
    }
    if (!script) {
      const message = `${path} is not tracked`;
      throw new ApiProblem('not_found', message, { errors: [{ path: 'query.path', message }] });
    }
    const { bytes, size } = content;
    const shown = bytes.subarray(0, SHOWN_BYTES);
    const whole = shown.length === size ? shown : shown.subarray(0, shown.length - incompleteTail(shown));
    return {
      path,
      content: whole.toString('utf8'),
      size,
      sha256,
      truncated: whole.length < size,
      modifiedAt: script.sha256 === sha256 ? script.modifiedAt.toISOString() : null,
    };
  }
}

import { LIMITS } from '@das/contracts/limits';
import type { Hdfs, HdfsStatus } from '@das/core/hdfs/client';
import type { ContentStore } from '@das/core/mongo/content-store';
import type { ScriptStore } from '@das/core/mongo/script-store';
import type { HdfsBounds } from '../http/deadline.ts';
import { eachAtOnce } from './file-look-up.ts';

export type StoredFile = { sha256: string; size: number };
type Taken = StoredFile & { status: HdfsStatus };

const READS_AT_ONCE = 16;
const BATCH_FILES = 64;
const BATCH_BYTES = 32 * 1024 * 1024;

/**
 * Takes in what HDFS holds and MongoDB does not yet: reads files and stores their contents, scripts with what they hold now. A file
 * is read once for all who want it at the same time: after a script has changed, that may be everybody.
 */
export class FileIntake {
  readonly #hdfs: Hdfs;
  readonly #contents: ContentStore;
  readonly #scripts: ScriptStore;
  /** By file: the batch in which somebody is taking it in. */
  readonly #underWay = new Map<string, Promise<Map<string, Taken>>>();

  constructor({ hdfs, contents, scripts }: { hdfs: Hdfs; contents: ContentStore; scripts: ScriptStore }) {
    this.#hdfs = hdfs;
    this.#contents = contents;
    this.#scripts = scripts;
  }

  /** A batch at a time; what has been stored stays, so asking again gets further. Throws HdfsUnavailable, HdfsDenied, HdfsRejected. */
  async take(statuses: readonly HdfsStatus[], bounds: HdfsBounds): Promise<Taken[]> {
    const taken: Taken[] = [];
    for (const batch of batches(statuses)) {
      taken.push(...(await this.#takeBatch(batch, bounds)));
      bounds.prolong();
    }
    return taken;
  }

  async #takeBatch(batch: readonly HdfsStatus[], bounds: HdfsBounds): Promise<Taken[]> {
    const others = batch.flatMap((status) => {
      const underWay = this.#underWay.get(keyOf(status));
      return underWay ? [this.#await(status, underWay, bounds)] : [];
    });
    const own = batch.filter((status) => !this.#underWay.has(keyOf(status)));
    const [mine, ...theirs] = await Promise.all([this.#readOwn(own, bounds), ...others]);
    return [...mine.values(), ...theirs];
  }

  /** Whoever takes it in may fail, or have less time left: then it is up to us. */
  async #await(status: HdfsStatus, underWay: Promise<Map<string, Taken>>, bounds: HdfsBounds): Promise<Taken> {
    const taken = await underWay.then((batch) => batch.get(keyOf(status))).catch(() => undefined);
    if (taken) return taken;
    const [own] = await this.#takeBatch([status], bounds);
    return own as Taken;
  }

  async #readOwn(statuses: readonly HdfsStatus[], bounds: HdfsBounds): Promise<Map<string, Taken>> {
    if (statuses.length === 0) return new Map();
    const work = this.#store(statuses, bounds).finally(() => {
      for (const status of statuses) this.#underWay.delete(keyOf(status));
    });
    for (const status of statuses) this.#underWay.set(keyOf(status), work);
    return work;
  }

  async #store(statuses: readonly HdfsStatus[], bounds: HdfsBounds): Promise<Map<string, Taken>> {
    const read: { status: HdfsStatus; bytes: Uint8Array }[] = [];
    await eachAtOnce(statuses, READS_AT_ONCE, async (status) => {
      const options = { maxBytes: LIMITS.fileBytes, expectLength: status.length, ...bounds.hdfs() };
      read.push({ status, bytes: await this.#hdfs.read(status.path, options) });
    });
    const hashes = await this.#contents.put(read.map(({ bytes }) => bytes));
    const taken = read.map(({ status, bytes }, index) => ({
      status,
      size: bytes.length,
      sha256: hashes[index] as string,
    }));
    await this.#scripts.pin(taken.filter(({ status }) => isScript(status.path)));
    return new Map(taken.map((file) => [keyOf(file.status), file]));
  }
}

export function isScript(path: string): boolean {
  return path.endsWith('.py');
}

/** A file that was replaced is another one. */
function keyOf({ path, fileId, modificationTime, length }: HdfsStatus): string {
  return `${fileId} ${modificationTime} ${length} ${path}`;
}

/** Files that are read and stored together: not many, and not much. */
function batches(statuses: readonly HdfsStatus[]): HdfsStatus[][] {
  const found: HdfsStatus[][] = [];
  let bytes = 0;
  for (const status of statuses) {
    const last = found.at(-1);
    bytes += status.length;
    if (last && last.length < BATCH_FILES && bytes <= BATCH_BYTES) last.push(status);
    else {
      found.push([status]);
      bytes = status.length;
    }
  }
  return found;
}

import { LIMITS } from '@das/contracts/limits';
import { Coalescer } from '@das/core/domain/coalescer';
import { Turns } from '@das/core/domain/turns';
import type { Hdfs, HdfsStatus } from '@das/core/hdfs/client';
import { HdfsUnavailable } from '@das/core/hdfs/errors';
import type { ContentStore } from '@das/core/mongo/content-store';
import type { ScriptStore } from '@das/core/mongo/script-store';
import type { HdfsBounds } from '../http/deadline.ts';
import { eachAtOnce } from './each-at-once.ts';

export type StoredFile = { sha256: string; size: number };
type ReadFile = { status: HdfsStatus; bytes: Uint8Array };
type Taken = StoredFile & { status: HdfsStatus };

/** Of this process, whoever asks for them: files that HDFS sends, and that are held in memory, at the same time. */
const READS_AT_ONCE = 16;
const STORED_AT_ONCE = 64;

/**
 * Takes in what HDFS holds and MongoDB does not yet: reads files and stores their contents, scripts with what they hold now. A file
 * is read once for all who want it at the same time: after a script has changed, that may be everybody.
 */
export class FileIntake {
  readonly #hdfs: Hdfs;
  readonly #reads = new Turns(READS_AT_ONCE);
  readonly #stores: Coalescer<ReadFile, string>;
  /** By file: that somebody is taking it in. */
  readonly #underWay = new Map<string, Promise<Taken>>();

  constructor({ hdfs, contents, scripts }: { hdfs: Hdfs; contents: ContentStore; scripts: ScriptStore }) {
    this.#hdfs = hdfs;
    this.#stores = new Coalescer((files) => store(files, contents, scripts), { most: STORED_AT_ONCE });
  }

  /** What has been stored stays, so asking again gets further. Throws HdfsUnavailable, HdfsDenied, HdfsRejected. */
  async take(statuses: readonly HdfsStatus[], bounds: HdfsBounds): Promise<Taken[]> {
    const taken: Taken[] = [];
    await eachAtOnce(statuses, READS_AT_ONCE, async (status) => {
      taken.push(await this.#takeOne(status, bounds));
      bounds.prolong();
    });
    return taken;
  }

  async #takeOne(status: HdfsStatus, bounds: HdfsBounds): Promise<Taken> {
    const key = keyOf(status);
    // Whoever takes it in may fail, or have less time left: then it is up to the next one.
    for (let other = this.#underWay.get(key); other; other = this.#underWay.get(key)) {
      const taken = await inTime(other, status.path, bounds);
      if (taken) return taken;
    }
    const own = this.#readAndStore(status, bounds).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, own);
    return own;
  }

  async #readAndStore(status: HdfsStatus, bounds: HdfsBounds): Promise<Taken> {
    using _turn = await this.#reads.take(AbortSignal.timeout(bounds.hdfs().deadlineMs)).catch(() => {
      throw new HdfsUnavailable(
        status.path,
        `HDFS was busy with other files: ${status.path} could not be read in time`,
      );
    });
    const options = { maxBytes: LIMITS.fileBytes, expectLength: status.length, ...bounds.hdfs() };
    const bytes = await this.#hdfs.read(status.path, options);
    const sha256 = await this.#stores.add({ status, bytes });
    return { status, sha256, size: bytes.length };
  }
}

async function store(files: ReadFile[], contents: ContentStore, scripts: ScriptStore): Promise<string[]> {
  const hashes = await contents.put(files.map(({ bytes }) => bytes));
  const hashed = files.map(({ status }, index) => ({ status, sha256: hashes[index] as string }));
  await scripts.pin(hashed.filter(({ status }) => isScript(status.path)));
  return hashes;
}

/** What `other` comes to, undefined where it fails. Throws HdfsUnavailable once the time for HDFS is over. */
async function inTime(other: Promise<Taken>, path: string, bounds: HdfsBounds): Promise<Taken | undefined> {
  const late = Promise.withResolvers<never>();
  const { deadlineMs } = bounds.hdfs();
  const timer = setTimeout(() => {
    late.reject(new HdfsUnavailable(path, `HDFS gave no complete answer for ${path} within ${deadlineMs} ms`));
  }, deadlineMs);
  try {
    return await Promise.race([other.catch(() => undefined), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

export function isScript(path: string): boolean {
  return path.endsWith('.py');
}

/** A file that was replaced is another one. */
function keyOf({ path, fileId, modificationTime, length }: HdfsStatus): string {
  return `${fileId} ${modificationTime} ${length} ${path}`;
}

import type { Hdfs, HdfsStatus } from '@das/core/hdfs/client';
import { HdfsNotFound } from '@das/core/hdfs/errors';
import { eachAtOnce } from './each-at-once.ts';

/** How old an answer of somebody else's question may be; one that is still awaited may be a second old (design §2). Milliseconds. */
const MAX_AGE_MS = 250;
const MAX_AWAITED_MS = 1000;
/** Of one look-up, shared by all who wait for it. Milliseconds. */
const DEADLINE_MS = 1500;
/** From this many files of one directory on, it is listed once instead of asked for each. */
const LISTED_FROM = 4;
const AT_ONCE = 16;

type Answer<T> = { at: number; awaited: boolean; answer: Promise<T> };

/** What lies in HDFS right now. Look-ups that run at the same time are shared. */
export class FileLookUp {
  readonly #hdfs: Hdfs;
  readonly #statuses = new Map<string, Answer<HdfsStatus | null>>();
  readonly #listings = new Map<string, Answer<Map<string, HdfsStatus>>>();

  constructor(hdfs: Hdfs) {
    this.#hdfs = hdfs;
  }

  /** Null: nothing lies there. Throws HdfsUnavailable, HdfsDenied, HdfsRejected. */
  status(path: string): Promise<HdfsStatus | null> {
    return shared(this.#statuses, path, async () => {
      try {
        return await this.#hdfs.status(path, { deadlineMs: DEADLINE_MS });
      } catch (error) {
        this.#statuses.delete(path); // what is not there may be put there any moment
        if (error instanceof HdfsNotFound) return null;
        throw error;
      }
    });
  }

  /** By path; the files of a directory together where there are many. */
  async statuses(paths: readonly string[]): Promise<Map<string, HdfsStatus | null>> {
    const found = new Map<string, HdfsStatus | null>();
    const single: string[] = [];
    const byDirectory = Map.groupBy(new Set(paths), (path) => path.slice(0, path.lastIndexOf('/')) || '/');
    await eachAtOnce([...byDirectory], AT_ONCE, async ([directory, inside]) => {
      const listed = inside.length < LISTED_FROM ? undefined : await this.#list(directory);
      for (const path of inside) {
        const status = listed?.get(path);
        if (status) found.set(path, status);
        else single.push(path);
      }
    });
    await eachAtOnce(single, AT_ONCE, async (path) => {
      found.set(path, await this.status(path));
    });
    return found;
  }

  #list(directory: string): Promise<Map<string, HdfsStatus>> {
    return shared(this.#listings, directory, async () => {
      try {
        const entries = await this.#hdfs.list(directory, { deadlineMs: DEADLINE_MS });
        return new Map(entries.map((entry) => [entry.path, entry]));
      } catch (error) {
        this.#listings.delete(directory);
        if (error instanceof HdfsNotFound) return new Map<string, HdfsStatus>();
        throw error;
      }
    });
  }
}

function shared<T>(answers: Map<string, Answer<T>>, key: string, ask: () => Promise<T>): Promise<T> {
  const now = performance.now();
  for (const [old, { at, awaited }] of answers) {
    if (now - at < MAX_AGE_MS) break; // the oldest stand first
    if (!awaited || now - at >= MAX_AWAITED_MS) answers.delete(old);
  }
  const known = answers.get(key);
  if (known) return known.answer;
  const asked: Answer<T> = { at: now, awaited: true, answer: ask().finally(() => (asked.awaited = false)) };
  answers.set(key, asked);
  return asked.answer;
}

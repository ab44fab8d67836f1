import { LIMITS } from '@das/contracts/limits';
import type { Fault, ProblemCode } from '@das/contracts/problem';
import { Coalescer } from '@das/core/domain/coalescer';
import type { ManifestEntry, ManifestRole } from '@das/core/domain/version';
import type { HdfsStatus } from '@das/core/hdfs/client';
import { HdfsUnavailable } from '@das/core/hdfs/errors';
import type { ScriptDocument } from '@das/core/mongo/documents';
import type { ContentStore } from '@das/core/mongo/content-store';
import type { ScriptStore } from '@das/core/mongo/script-store';
import { ApiProblem } from '../http/api-problem.ts';
import type { HdfsBounds } from '../http/deadline.ts';
import { isScript } from './file-intake.ts';
import type { FileIntake, StoredFile } from './file-intake.ts';
import type { FileLookUp } from './file-look-up.ts';

/** A file that a run needs, and where the request names it. */
export type NeededFile = {
  role: ManifestRole;
  path: string;
  at: string;
  /** The content that the caller saw. */
  sha256?: string | undefined;
};

type Pinned = StoredFile & { seenAt?: Date };

/** Files that are no scripts, and whose hashes are remembered in this process. */
const REMEMBERED = 10_000;

/**
 * Fixes what a run executes (design §2): a file whose status is the last known one has its known hash; any other is read
 * and its content stored, before the run is inserted.
 */
export class Pinning {
  readonly #lookUp: FileLookUp;
  readonly #intake: FileIntake;
  readonly #contents: ContentStore;
  readonly #scripts: ScriptStore;
  readonly #now: () => Date;
  /** What is asked of MongoDB, shared by the calls that ask at the same time. */
  readonly #tracked: Coalescer<string[], Map<string, ScriptDocument>>;
  readonly #sizes: Coalescer<string[], Map<string, number>>;
  /** By hash: sizes of contents that are known to be stored. */
  readonly #stored = new Map<string, number>();
  /** By path: hash of a file that is no script, with the status it was read under. */
  readonly #others = new Map<string, { status: HdfsStatus; sha256: string }>();

  constructor(options: {
    lookUp: FileLookUp;
    intake: FileIntake;
    contents: ContentStore;
    scripts: ScriptStore;
    now: () => Date;
  }) {
    this.#lookUp = options.lookUp;
    this.#intake = options.intake;
    this.#contents = options.contents;
    this.#scripts = options.scripts;
    this.#now = options.now;
    this.#tracked = shareLookUps((paths) => options.scripts.findMany(paths));
    this.#sizes = shareLookUps((hashes) => options.contents.sizes(hashes));
  }

  /**
   * The manifest entry of each needed file, in their order.
   * Throws ApiProblem with all places at fault (not_found, invalid_request, payload_too_large, version_changed), HdfsUnavailable.
   */
  async pin(files: readonly NeededFile[], bounds: HdfsBounds): Promise<ManifestEntry[]> {
    const pinned = await this.#current(files, bounds);
    refuseChanged(files, pinned);
    return files.map(({ role, path }) => ({ role, path, ...(pinned.get(path) as Pinned) }));
  }

  async #current(files: readonly NeededFile[], bounds: HdfsBounds): Promise<Map<string, Pinned>> {
    const paths = [...new Set(files.map(({ path }) => path))];
    const seenAt = this.#now();
    let statuses: Map<string, HdfsStatus | null>;
    let tracked: Map<string, ScriptDocument>;
    try {
      // What is tracked is asked at the same time: what was read under a status stays so, whenever the status is seen.
      [statuses, tracked] = await Promise.all([
        this.#lookUp.statuses(paths),
        this.#tracked.add(paths.filter(isScript)),
      ]);
    } catch (error) {
      const stored = error instanceof HdfsUnavailable ? await this.#storedAsNamed(files) : null;
      if (!stored) throw error;
      return stored;
    }
    refuseUnfit(files, statuses);
    const found = new Map([...statuses].flatMap(([path, status]) => (status ? [[path, status] as const] : [])));
    const pinned = await this.#known(found, tracked);
    const unknown = [...found.values()].filter(({ path }) => !pinned.has(path));
    for (const { status, ...file } of await this.#intake.take(unknown, bounds)) {
      pinned.set(status.path, file);
      if (!isScript(status.path)) this.#remember(status, file.sha256);
    }
    return new Map([...pinned].map(([path, file]) => [path, { ...file, seenAt }]));
  }

  /** Those whose status says that their bytes are the ones hashed before, and whose content is stored. */
  async #known(
    statuses: ReadonlyMap<string, HdfsStatus>,
    scripts: ReadonlyMap<string, ScriptDocument>,
  ): Promise<Map<string, Pinned>> {
    const hashes = new Map<string, string>();
    for (const [path, status] of statuses) {
      const other = this.#others.get(path);
      if (other && isSame(other.status, status)) hashes.set(path, other.sha256);
      const last = scripts.get(path)?.pinned;
      const { missing } = scripts.get(path) ?? { missing: false };
      if (last && !missing && isSame({ ...last, modificationTime: last.modifiedAt.getTime() }, status))
        hashes.set(path, last.sha256);
    }
    const sizes = await this.#storedSizes(new Set(hashes.values()));
    return new Map([...hashes].flatMap(([path, sha256]) => {
      const size = sizes.get(sha256);
      return size === undefined ? [] : [[path, { sha256, size }] as const];
    })); // prettier-ignore
  }

  /** Contents are never removed: one that was seen needs no second look. */
  async #storedSizes(hashes: ReadonlySet<string>): Promise<ReadonlyMap<string, number>> {
    const unseen = [...hashes].filter((sha256) => !this.#stored.has(sha256));
    if (unseen.length === 0) return this.#stored;
    if (this.#stored.size > REMEMBERED) this.#stored.clear();
    for (const [sha256, size] of await this.#sizes.add([...hashes])) this.#stored.set(sha256, size);
    return this.#stored;
  }

  #remember(status: HdfsStatus, sha256: string): void {
    this.#others.delete(status.path);
    this.#others.set(status.path, { status, sha256 });
    const oldest = this.#others.keys().next();
    if (this.#others.size > REMEMBERED && !oldest.done) this.#others.delete(oldest.value);
  }

  /** Without HDFS: the stored contents that the caller names, if it names one for every file and knows tracked scripts only. */
  async #storedAsNamed(files: readonly NeededFile[]): Promise<Map<string, Pinned> | null> {
    const named = files.flatMap(({ path, sha256 }) => (sha256 === undefined ? [] : [{ path, sha256 }]));
    if (named.length < files.length) return null;
    const [sizes, tracked] = await Promise.all([
      this.#contents.sizes(named.map(({ sha256 }) => sha256)),
      this.#scripts.tracked(named.map(({ path }) => path)),
    ]);
    const stored = new Map<string, Pinned>();
    for (const { path, sha256 } of named) {
      const size = sizes.get(sha256);
      if (size === undefined || !tracked.has(path)) return null;
      stored.set(path, { sha256, size });
    }
    return stored;
  }
}

/** Each caller is given what all of them asked for. */
function shareLookUps<T>(find: (keys: string[]) => Promise<Map<string, T>>): Coalescer<string[], Map<string, T>> {
  return new Coalescer(async (groups) => {
    const found = await find([...new Set(groups.flat())]);
    return groups.map(() => found);
  });
}

type FileIdentity = Pick<HdfsStatus, 'length' | 'modificationTime' | 'fileId'>;

function isSame(a: FileIdentity, b: FileIdentity): boolean {
  return a.length === b.length && a.modificationTime === b.modificationTime && a.fileId === b.fileId;
}

/** All files that cannot be run, in one problem. */
function refuseUnfit(files: readonly NeededFile[], statuses: ReadonlyMap<string, HdfsStatus | null>): void {
  const faults: { code: ProblemCode; fault: Fault }[] = [];
  for (const { role, path, at } of files) {
    const status = statuses.get(path);
    const limit = role === 'script' ? LIMITS.scriptBytes : LIMITS.fileBytes;
    const add = (code: ProblemCode, message: string): number => faults.push({ code, fault: { path: at, message } });
    if (!status) add('not_found', `${path} does not exist in HDFS`);
    else if (status.type === 'directory') add('invalid_request', `${path} is a directory`);
    else if (status.length > limit)
      add('payload_too_large', `${path} has ${status.length} bytes; the limit is ${limit}`);
  }
  refuse(faults, ['not_found', 'invalid_request', 'payload_too_large']);
}

/** Files whose content is not the one the caller saw. */
function refuseChanged(files: readonly NeededFile[], pinned: ReadonlyMap<string, Pinned>): void {
  const faults = files.flatMap(({ path, at, sha256 }) => {
    const current = pinned.get(path)?.sha256;
    if (sha256 === undefined || sha256 === current) return [];
    const message = `${path} has changed: its content is ${current} now, not ${sha256}`;
    return [{ code: 'version_changed' as const, fault: { path: at, message } }];
  });
  refuse(faults, ['version_changed']);
}

function refuse(faults: readonly { code: ProblemCode; fault: Fault }[], order: readonly ProblemCode[]): void {
  const code = order.find((candidate) => faults.some((fault) => fault.code === candidate));
  if (!code) return;
  const errors = faults.map(({ fault }) => fault);
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  throw new ApiProblem(code, `${errors[0]?.message}${more}`, { errors });
}

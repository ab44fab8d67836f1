import { HdfsRejected, HdfsTooLarge, HdfsUnavailable } from './errors.ts';
import { NameNodes } from './name-nodes.ts';
import type { AskOptions, NameNode } from './name-nodes.ts';
import { upload } from './upload.ts';
import { awaitContent, awaitJson } from './webhdfs-request.ts';
import type { LibraryRequest, RequestBounds } from './webhdfs-request.ts';

/**
 * HDFS as DAS needs it: a few calls over WebHDFS, each with one deadline, typed errors and NameNode failover.
 * All paths are absolute and plain (never percent-encoded); any character that HDFS allows works in them.
 */

export interface HdfsStatus {
  path: string;
  type: 'file' | 'directory';
  /** Bytes; 0 for a directory. */
  length: number;
  /** Milliseconds since the epoch. */
  modificationTime: number;
  /** HDFS's inode number: another one under the same path is another file. */
  fileId: number;
  owner: string;
  /** Octal: `644`. */
  permission: string;
}

export interface HdfsCallOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds for the whole call, all NameNodes included; the adapter's own default otherwise. */
  deadlineMs?: number | undefined;
}

export interface HdfsReadOptions extends HdfsCallOptions {
  maxBytes: number;
  /** The length from a status taken just now: saves asking for it again. */
  expectLength?: number | undefined;
}

/** Every call may throw HdfsUnavailable, HdfsDenied or HdfsRejected, or the signal's reason. */
export interface Hdfs {
  /** @throws HdfsNotFound */
  status(path: string, options?: HdfsCallOptions): Promise<HdfsStatus>;
  /** The children of a directory, in HDFS's order (by name's bytes). @throws HdfsNotFound, HdfsRejected for a file */
  list(directory: string, options?: HdfsCallOptions): Promise<HdfsStatus[]>;
  /** The whole file, never a part of it. @throws HdfsNotFound, HdfsTooLarge before more than `maxBytes` are read */
  read(path: string, options: HdfsReadOptions): Promise<Buffer>;
  /** Creates missing parents. @throws HdfsRejected (`FileAlreadyExistsException`) without `overwrite` */
  write(path: string, bytes: Uint8Array, options?: HdfsCallOptions & { overwrite?: boolean }): Promise<void>;
  mkdirs(path: string, options?: HdfsCallOptions): Promise<void>;
  /** False when nothing was there. */
  remove(path: string, options?: HdfsCallOptions & { recursive?: boolean }): Promise<boolean>;
  /** @throws HdfsRejected when the source is missing or the destination taken */
  rename(from: string, to: string, options?: HdfsCallOptions): Promise<void>;
  /** Milliseconds that the NameNode took to answer. */
  ping(options?: HdfsCallOptions): Promise<number>;
}

export interface HdfsOptions {
  /** NameNode addresses, `http://host:9870`; several for HA. */
  urls: readonly string[];
  user: string;
  /** Milliseconds, default of every call. */
  deadlineMs: number;
}

/** What of a file is there long before half of the time for it is over. */
const SMALL_BYTES = 256 * 1024;

/** The package's own callbacks are given nothing to do; webhdfs-request.ts watches the request instead. */
const ignore = (): void => undefined;

function encodePath(path: string): string {
  if (!path.startsWith('/')) throw new TypeError(`an HDFS path starts with "/": ${path}`);
  return path.split('/').map(encodeURIComponent).join('/');
}

export function createHdfs({ urls, user, deadlineMs: defaultDeadlineMs }: HdfsOptions): Hdfs {
  const nameNodes = new NameNodes(urls, user);

  type Call = Pick<AskOptions, 'path' | 'again'> & { options: HdfsCallOptions | undefined };
  const ask = <T>(
    { path, again, options }: Call,
    call: (node: NameNode, bounds: RequestBounds) => Promise<T>,
  ): Promise<T> =>
    nameNodes.ask(
      { path, again, signal: options?.signal, deadlineMs: options?.deadlineMs ?? defaultDeadlineMs },
      async (node, bounds) => call(node, { path, host: node.url.host, ...bounds }),
    );
  const askJson = (call: Call, start: (node: NameNode) => LibraryRequest): Promise<Record<string, unknown>> =>
    ask(call, (node, bounds) => awaitJson(start(node), bounds));

  const hdfs: Hdfs = {
    async status(path, options) {
      const encoded = encodePath(path);
      const { FileStatus: raw } = await askJson({ path, options, again: 'late' }, (node) =>
        node.client.stat(encoded, ignore),
      );
      return toStatus(path, raw);
    },

    async list(directory, options) {
      const encoded = encodePath(directory);
      const answer = await askJson({ path: directory, options, again: 'late' }, (node) =>
        node.client.readdir(encoded, ignore),
      );
      const entries = (answer.FileStatuses as { FileStatus?: unknown[] } | undefined)?.FileStatus;
      if (!Array.isArray(entries)) throw notWebHdfs(directory);
      return entries.map((entry) => toChild(directory, entry));
    },

    async read(path, { maxBytes, expectLength, signal, deadlineMs = defaultDeadlineMs }) {
      const endsAt = performance.now() + deadlineMs;
      const left = (): HdfsCallOptions => ({ signal, deadlineMs: Math.max(1, Math.ceil(endsAt - performance.now())) });
      const expected = expectLength ?? (await fileLength(path, left()));
      if (expected > maxBytes) throw new HdfsTooLarge(path, expected, maxBytes);
      const encoded = encodePath(path);
      const again = expected <= SMALL_BYTES ? 'late' : 'failed';
      const bytes = await ask({ path, options: left(), again }, (node, bounds) =>
        awaitContent(node.client.createReadStream(encoded), bounds, maxBytes),
      );
      // Another length than told: the file was replaced meanwhile, or the answer is not the file.
      if (bytes.length !== expected && (await fileLength(path, left())) !== bytes.length) {
        const message = `${path} arrived with ${bytes.length} instead of ${expected} bytes: it is being written, or something between here and HDFS garbles it`;
        throw new HdfsUnavailable(path, message);
      }
      return bytes;
    },

    async write(path, bytes, options) {
      const encoded = encodePath(path);
      await ask({ path, options, again: 'unsent' }, (node, { timeoutMs, signal }) => {
        const nameNode = new URL(`${operationBase(node.url)}${encoded}`);
        return upload({ path, nameNode, user, overwrite: options?.overwrite ?? false, bytes, timeoutMs, signal });
      });
    },

    async mkdirs(path, options) {
      const encoded = encodePath(path);
      const { boolean } = await askJson({ path, options, again: 'unsent' }, (node) =>
        node.client.mkdir(encoded, '0755', ignore),
      );
      if (boolean !== true) throw new HdfsRejected(path, `HDFS did not create the directory ${path}`);
    },

    async remove(path, options) {
      const encoded = encodePath(path);
      const recursive = options?.recursive ?? false;
      const { boolean } = await askJson({ path, options, again: 'unsent' }, (node) =>
        node.client.unlink(encoded, recursive, ignore),
      );
      return boolean === true;
    },

    async rename(from, to, options) {
      const encoded = encodePath(from);
      const { boolean } = await askJson({ path: from, options, again: 'unsent' }, (node) =>
        node.client.rename(encoded, to, ignore),
      );
      if (boolean !== true)
        throw new HdfsRejected(from, `HDFS did not rename ${from} to ${to}: the one is missing or the other is taken`);
    },

    async ping(options) {
      const startedAt = performance.now();
      await hdfs.status('/', options);
      return performance.now() - startedAt;
    },
  };

  async function fileLength(path: string, options: HdfsCallOptions): Promise<number> {
    const { type, length } = await hdfs.status(path, options);
    if (type === 'directory') throw new HdfsRejected(path, `${path} is a directory, not a file`);
    return length;
  }

  return hdfs;
}

/** Where WebHDFS's paths begin below a NameNode's address. */
function operationBase(url: URL): string {
  return `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/webhdfs\/v1$/, '')}/webhdfs/v1`;
}

function notWebHdfs(path: string): HdfsUnavailable {
  return new HdfsUnavailable(
    path,
    `the answer for ${path} is JSON but not WebHDFS: check that HDFS_URL names the NameNode`,
  );
}

function toStatus(path: string, raw: unknown): HdfsStatus {
  if (typeof raw !== 'object' || raw === null) throw notWebHdfs(path);
  const { type, length, modificationTime, fileId, owner, permission } = raw as Record<string, unknown>;
  if (typeof length !== 'number' || typeof modificationTime !== 'number') throw notWebHdfs(path);
  return {
    path,
    type: type === 'DIRECTORY' ? 'directory' : 'file',
    length,
    modificationTime,
    fileId: Number(fileId ?? 0),
    owner: String(owner ?? ''),
    permission: String(permission ?? ''),
  };
}

function toChild(directory: string, entry: unknown): HdfsStatus {
  const name = (entry as { pathSuffix?: unknown } | null)?.pathSuffix;
  if (typeof name !== 'string') throw notWebHdfs(directory);
  // Listing a file gives that file, with an empty name.
  if (name === '') throw new HdfsRejected(directory, `${directory} is a file, not a directory`);
  return toStatus(directory === '/' ? `/${name}` : `${directory}/${name}`, entry);
}

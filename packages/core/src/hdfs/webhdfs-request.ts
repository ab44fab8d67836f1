import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { errorFromAnswer, errorFromSocket, HdfsTooLarge, HdfsUnavailable } from './errors.ts';

/**
 * Makes one request that the webhdfs package has started safe to wait for.
 *
 * The package hands out the `request` object behind every call. Its own callbacks lose the RemoteException class, take a
 * 502 for success, throw on a 200 with an empty body and sometimes never come; so they are given nothing to do, and the
 * events of the request are watched here instead: one permanent error listener, one deadline, one outcome.
 */
export interface LibraryRequest extends EventEmitter {
  abort(): void;
  uri?: { host?: string };
  req?: { reusedSocket?: boolean };
}

/** Bounds of one request. `host` is the NameNode asked; whoever else answers is a DataNode. */
export interface RequestBounds {
  path: string;
  host: string;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** Larger answers than this (about 250,000 directory entries) are cut off rather than held in memory. */
const MAX_METADATA_BYTES = 64 * 1024 * 1024;

interface Outcome<T> {
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
}

function settleOnce<T>(
  request: LibraryRequest,
  { path, host, timeoutMs, signal }: RequestBounds,
  watch: (outcome: Outcome<T>, from: () => string) => void,
): Promise<T> {
  return new Promise<T>((resolvePromise, rejectPromise) => {
    let open = true;
    const from = (): string => request.uri?.host ?? host;
    const close = (): boolean => {
      if (!open) return false;
      open = false;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      return true;
    };
    const outcome: Outcome<T> = {
      resolve: (value) => {
        if (close()) resolvePromise(value);
      },
      reject: (error) => {
        if (!close()) return;
        rejectPromise(error as Error);
        request.abort();
      },
    };
    const onAbort = (): void => outcome.reject(signal?.reason);
    const timer = setTimeout(() => {
      const message = `${from()} gave no complete answer for ${path} within ${timeoutMs} ms: check that HDFS is healthy`;
      outcome.reject(new HdfsUnavailable(path, message));
    }, timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });

    // Never removed: an aborted request may still emit errors, and one without a listener would end the process.
    request.on('error', (cause: unknown) => {
      const role = from() === host ? 'NameNode' : 'DataNode';
      outcome.reject(errorFromSocket(path, from(), role, cause));
    });
    watch(outcome, from);
    if (signal?.aborted) onAbort();
  });
}

/**
 * The JSON of a metadata call (`stat`, `readdir`, `mkdir`, …).
 * @throws HdfsError of the kind that the answer stands for
 */
export function awaitJson(request: LibraryRequest, bounds: RequestBounds): Promise<Record<string, unknown>> {
  return settleOnce(request, bounds, (outcome, from) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_METADATA_BYTES) outcome.reject(new HdfsTooLarge(bounds.path, bytes, MAX_METADATA_BYTES));
    });
    // Before the package's own listener, which would throw on a body that is no object.
    request.prependListener('complete', (response: IncomingMessage & { body?: unknown }) => {
      const { body, statusCode = 0 } = response;
      const parsed = typeof body === 'object' && body !== null;
      if (!parsed) response.body = {};
      if (statusCode === 200 && parsed && !('RemoteException' in body))
        outcome.resolve(body as Record<string, unknown>);
      else outcome.reject(errorFromAnswer(bounds.path, from(), statusCode, body));
    });
  });
}

const MAX_ERROR_BYTES = 64 * 1024;

/**
 * The bytes of `createReadStream`. Read off the response itself: the package parses the first chunk of an error as the
 * whole of it, and takes every status that it does not know for content.
 * @throws HdfsTooLarge as soon as more than `maxBytes` arrive
 */
export function awaitContent(request: LibraryRequest, bounds: RequestBounds, maxBytes: number): Promise<Buffer> {
  return settleOnce(request, bounds, (outcome, from) => {
    request.on('response', (response: IncomingMessage) => {
      // The package's own listener, which parses each chunk of an error by itself and emits what it makes of it.
      request.removeAllListeners('data');
      const ok = response.statusCode === 200;
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (ok && bytes > maxBytes) outcome.reject(new HdfsTooLarge(bounds.path, bytes, maxBytes));
        else if (ok || bytes <= MAX_ERROR_BYTES) chunks.push(chunk);
      });
      const finish = (): void => {
        const body = Buffer.concat(chunks);
        if (!ok) {
          outcome.reject(errorFromAnswer(bounds.path, from(), response.statusCode ?? 0, body.toString()));
        } else if (!response.complete) {
          outcome.reject(
            new HdfsUnavailable(
              bounds.path,
              `${from()} broke off ${bounds.path} after ${bytes} bytes: check the DataNodes`,
            ),
          );
        } else {
          outcome.resolve(body);
        }
      };
      response.once('end', finish);
      response.once('close', finish);
    });
  });
}

import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
// @ts-expect-error webhdfs ships no types; LibraryClient says what is used of it
import webhdfs from 'webhdfs';
import { HdfsUnavailable, socketCode } from './errors.ts';
import type { LibraryRequest } from './webhdfs-request.ts';

type Ignored = () => void;

/** What is used of the webhdfs package (1.2.0). Paths go in percent-encoded: it puts them into the URL as they are. */
export interface LibraryClient {
  stat(path: string, done: Ignored): LibraryRequest;
  readdir(path: string, done: Ignored): LibraryRequest;
  mkdir(path: string, mode: string, done: Ignored): LibraryRequest;
  rename(path: string, destination: string, done: Ignored): LibraryRequest;
  unlink(path: string, recursive: boolean, done: Ignored): LibraryRequest;
  createReadStream(path: string): LibraryRequest;
}

export interface NameNode {
  url: URL;
  client: LibraryClient;
}

/** What the CSRF guard of WebHDFS asks of a caller that is no browser form; its value does not matter. */
export const CSRF_HEADERS = { 'X-XSRF-HEADER': 'das' };

function connect(address: string, user: string): NameNode {
  const url = new URL(address);
  const secure = url.protocol === 'https:';
  const base = url.pathname.replace(/\/+$/, '').replace(/\/webhdfs\/v1$/, '');
  const target = {
    protocol: secure ? 'https' : 'http',
    host: url.hostname,
    port: url.port || (secure ? '443' : '80'),
    path: `${base}/webhdfs/v1`,
    user,
  };
  const limits = { keepAlive: true, maxSockets: 64, maxFreeSockets: 8 };
  const requestDefaults = {
    headers: CSRF_HEADERS,
    agent: secure ? new HttpsAgent(limits) : new HttpAgent(limits),
    proxy: null, // HDFS is inside; HTTP_PROXY is for what is outside
    strictSSL: true,
  };
  const library = webhdfs as { createClient(target: object, requestDefaults: object): LibraryClient };
  return { url, client: library.createClient(target, requestDefaults) };
}

export interface AskOptions {
  path: string;
  deadlineMs: number;
  signal: AbortSignal | undefined;
  /**
   * What is reason enough to send the request a second time. `unsent`: the first cannot have been acted on (writes) · `failed`: it
   * failed, however (reads) · `late`: half of its time is over, too (reads whose answer is short, and there in no time or stuck).
   */
  again: 'unsent' | 'failed' | 'late';
}

type Call<T> = (node: NameNode, bounds: { timeoutMs: number; signal: AbortSignal }) => Promise<T>;

/** Asks the NameNode that answered last, then the others, within one deadline. */
export class NameNodes {
  readonly #nodes: NameNode[];
  #active = 0;

  constructor(urls: readonly string[], user: string) {
    if (urls.length === 0) throw new TypeError('HDFS needs at least one NameNode URL');
    this.#nodes = urls.map((url) => connect(url, user));
  }

  /** @throws the error of the only NameNode, or one HdfsUnavailable that tells what each of them said */
  async ask<T>(options: AskOptions, call: Call<T>): Promise<T> {
    const endsAt = performance.now() + options.deadlineMs;
    const first = this.#active;
    const failures: HdfsUnavailable[] = [];
    for (let tried = 0; tried < this.#nodes.length; tried += 1) {
      const index = (first + tried) % this.#nodes.length;
      const remainingMs = Math.max(1, endsAt - performance.now());
      // A silent NameNode must leave time to ask the next one.
      const shareMs = options.again === 'unsent' ? remainingMs : remainingMs / (this.#nodes.length - tried);
      try {
        const answer = await askOne(this.#nodes[index] as NameNode, Math.ceil(shareMs), options, call);
        this.#active = index;
        return answer;
      } catch (error) {
        if (!(error instanceof HdfsUnavailable)) throw error;
        failures.push(error);
        if (options.again === 'unsent' && !error.unsent) break;
      }
    }
    const [only] = failures;
    if (failures.length === 1 && only) throw only;
    const told = failures.map((failure) => failure.message).join('; ');
    throw new HdfsUnavailable(options.path, `no NameNode answered: ${told}`, {
      cause: only,
      remoteClass: failures.at(-1)?.remoteClass,
    });
  }
}

/**
 * Asks one NameNode, and once more where the connection was reset (a kept-alive one may have been closed by the other side just now)
 * or where a short answer has not come by half of the time. Never a third time: it may be the NameNode that is slow. The first answer
 * counts, and what is still under way then is given up.
 */
function askOne<T>(node: NameNode, timeoutMs: number, { again, signal }: AskOptions, call: Call<T>): Promise<T> {
  const endsAt = performance.now() + timeoutMs;
  const over = new AbortController();
  const either = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  let asked = 0;
  let failed = 0;
  let failure: unknown;
  const ask = (): void => {
    const nth = (asked += 1);
    const leftMs = Math.max(1, Math.ceil(endsAt - performance.now()));
    call(node, { timeoutMs: leftMs, signal: either }).then(resolve, (error: unknown) => {
      failed += 1;
      if (!(error instanceof HdfsUnavailable)) return reject(error);
      if (asked === 1 && again !== 'unsent' && isReset(error)) return ask();
      if (nth === 1 || !failure) failure = error; // of two the one that had all of the time
      if (failed === asked) reject(failure);
    });
  };
  ask();
  const late = again === 'late' ? setTimeout(() => asked === 1 && ask(), timeoutMs / 2) : undefined;
  return promise.finally(() => {
    clearTimeout(late);
    over.abort();
  });
}

function isReset({ cause }: HdfsUnavailable): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(socketCode(cause));
}

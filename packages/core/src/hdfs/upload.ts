import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { errorFromAnswer, errorFromSocket, HdfsUnavailable } from './errors.ts';
import { CSRF_HEADERS } from './name-nodes.ts';

/**
 * CREATE in its two steps: the NameNode names a DataNode, which takes the bytes.
 *
 * Goes round the webhdfs package: its createWriteStream takes a 503 of the DataNode for success and never calls back on
 * a 503 of the NameNode, so a lost upload would look like a stored one. And node:http instead of fetch, which breaks off at
 * the `100 Continue` that a DataNode says without being asked.
 */
export interface Upload {
  path: string;
  /** The file's WebHDFS address at the NameNode, without a query. */
  nameNode: URL;
  user: string;
  overwrite: boolean;
  bytes: Uint8Array;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

interface Answer {
  status: number;
  location: string | undefined;
  body: string;
}

export async function upload({ path, nameNode, user, overwrite, bytes, timeoutMs, signal }: Upload): Promise<void> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const bounds = signal ? AbortSignal.any([signal, deadline]) : deadline;
  const send = async (url: URL, role: 'NameNode' | 'DataNode', body: Uint8Array): Promise<Answer> => {
    try {
      return await put(url, body, bounds);
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      if (!deadline.aborted) throw errorFromSocket(path, url.host, role, cause);
      const message = `${role} ${url.host} did not take ${path} within ${timeoutMs} ms: check that HDFS is healthy`;
      throw new HdfsUnavailable(path, message);
    }
  };

  const asked = new URL(nameNode);
  asked.search = new URLSearchParams({ op: 'CREATE', 'user.name': user, overwrite: String(overwrite) }).toString();
  const { status, location, body } = await send(asked, 'NameNode', new Uint8Array());
  if (status !== 307 || location === undefined) throw errorFromAnswer(path, asked.host, status, body);

  const dataNode = new URL(location, asked);
  const stored = await send(dataNode, 'DataNode', bytes);
  if (stored.status !== 201) throw errorFromAnswer(path, dataNode.host, stored.status, stored.body);
}

function put(url: URL, bytes: Uint8Array, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { ...CSRF_HEADERS, 'content-type': 'application/octet-stream', 'content-length': bytes.length };
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const request = send(url, { method: 'PUT', headers, agent: false, signal }, (response: IncomingMessage) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.once('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          location: response.headers.location,
          body: Buffer.concat(chunks).toString(),
        });
      });
    });
    request.on('error', reject);
    request.end(bytes);
  });
}

import { request as httpRequest } from 'node:http';

/**
 * The few writes that setting up the embedded HDFS takes. (What DAS itself reads from HDFS goes through @das/core.)
 * All throw an Error with WebHDFS's own message on refusal, and on no answer within `DEADLINE_MS`.
 */
export interface HdfsTarget {
  /** `http://127.0.0.1:9870` */
  url: string;
  /** On whose behalf. */
  user: string;
}

const DEADLINE_MS = 10_000;

export async function makeDirectory(target: HdfsTarget, path: string, permission = '755'): Promise<void> {
  await put(address(target, path, { op: 'MKDIRS', permission }));
}

export async function setOwner(target: HdfsTarget, path: string, owner: string): Promise<void> {
  await put(address(target, path, { op: 'SETOWNER', owner }));
}

export async function setPermission(target: HdfsTarget, path: string, permission: string): Promise<void> {
  await put(address(target, path, { op: 'SETPERMISSION', permission }));
}

/** Creates or replaces a file. The NameNode names the DataNode that takes the bytes (`noredirect`). */
export async function writeHdfsFile(target: HdfsTarget, path: string, bytes: Uint8Array): Promise<void> {
  const answer = await put(address(target, path, { op: 'CREATE', overwrite: 'true', noredirect: 'true' }));
  const { Location } = JSON.parse(answer) as { Location: string };
  await put(Location, bytes);
}

export async function removeHdfsFile(target: HdfsTarget, path: string): Promise<void> {
  await request('DELETE', address(target, path, { op: 'DELETE' }));
}

function address({ url, user }: HdfsTarget, path: string, query: Record<string, string>): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return `${url}/webhdfs/v1${encoded}?${new URLSearchParams({ ...query, 'user.name': user })}`;
}

function put(url: string, body?: Uint8Array): Promise<string> {
  return request('PUT', url, body);
}

/** node:http, not fetch: a DataNode says `100 Continue` without being asked, which fetch (undici) takes for a broken answer. */
function request(method: string, url: string, body: Uint8Array = new Uint8Array()): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = {
      'X-XSRF-HEADER': 'das',
      'content-type': 'application/octet-stream',
      'content-length': body.length,
    };
    const call = httpRequest(
      url,
      { method, headers, agent: false, signal: AbortSignal.timeout(DEADLINE_MS) },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => (text += part));
        answer.once('error', reject).once('end', () => {
          const status = answer.statusCode ?? 0;
          if (status >= 200 && status < 300) resolve(text);
          else reject(new Error(`WebHDFS ${status}: ${text.slice(0, 300)}`));
        });
      },
    );
    call.once('error', reject).end(body);
  });
}

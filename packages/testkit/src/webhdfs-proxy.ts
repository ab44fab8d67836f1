import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** One request to HDFS: `op` as WebHDFS calls it (`OPEN`, `GETFILESTATUS`), `path` plain. */
export type HdfsRequest = { op: string; path: string; node: 'namenode' | 'datanode' };

/** What becomes of it. `pass`: nothing. */
export type Mischief =
  | 'pass'
  /** The proxy answers itself: the page of a gateway whose backend is away, say. */
  | { page: string; status: number }
  /** No answer at all. */
  | 'hang'
  /** A byte of the body at a time. */
  | { dripMs: number }
  /** The connection is reset in the middle of the body. */
  | 'reset';

export interface WebHdfsProxy extends AsyncDisposable {
  url: string;
  /** Asked for every request; may do something to HDFS before it goes on. */
  meddle: (request: HdfsRequest) => Mischief | Promise<Mischief>;
  /** As if nothing had been. */
  heal: () => void;
}

/** An HTTP proxy in front of a NameNode and, through its redirects, of the DataNodes. */
export async function startWebHdfsProxy(nameNodeUrl: string): Promise<WebHdfsProxy> {
  const nameNode = new URL(nameNodeUrl).host;
  const server = createServer((request, response) => {
    // A client that goes away, or a server: the other side sees its connection end.
    forward(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const proxy: WebHdfsProxy = {
    url: `http://${own}`,
    meddle: () => 'pass',
    heal: () => (proxy.meddle = () => 'pass'),
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, dataNode, rest = request.url ?? '/'] = /^\/datanode\/([^/]+)(\/.*)$/.exec(request.url ?? '') ?? [];
    const { pathname, searchParams } = new URL(rest, nameNodeUrl);
    const mischief = await proxy.meddle({
      op: (searchParams.get('op') ?? '').toUpperCase(),
      path: decodeURIComponent(pathname.replace(/^\/webhdfs\/v1/, '')),
      node: dataNode ? 'datanode' : 'namenode',
    });
    if (mischief === 'hang') return;
    if (typeof mischief === 'object' && 'page' in mischief)
      return void response.writeHead(mischief.status, { 'content-type': 'text/html' }).end(mischief.page);
    const answer = await ask(request, dataNode ?? nameNode, rest);
    const body = Buffer.concat(await answer.toArray());
    const headers = { ...answer.headers, 'content-length': String(body.length) };
    delete headers['transfer-encoding'];
    if (headers.location) headers.location = headers.location.replace(/^http:\/\/([^/]+)/, `http://${own}/datanode/$1`);
    response.writeHead(answer.statusCode ?? 502, headers);
    if (mischief === 'pass' || (answer.statusCode ?? 502) >= 300) return void response.end(body);
    await send(body, response, mischief);
  }
  return proxy;
}

async function send(body: Buffer, response: ServerResponse, mischief: 'reset' | { dripMs: number }): Promise<void> {
  if (mischief === 'reset') {
    response.write(body.subarray(0, Math.floor(body.length / 2)));
    await sleep(50);
    response.socket?.resetAndDestroy();
    return;
  }
  for (const byte of body) {
    if (response.destroyed) return;
    response.write(Buffer.of(byte));
    await sleep(mischief.dripMs);
  }
  response.end();
}

async function ask(request: IncomingMessage, host: string, path: string): Promise<IncomingMessage> {
  const [hostname, port] = host.split(':');
  const onward = httpRequest({ hostname, port, path, method: request.method, headers: { ...request.headers, host } });
  const answered = once(onward, 'response');
  request.pipe(onward);
  const [answer] = (await answered) as [IncomingMessage];
  return answer;
}

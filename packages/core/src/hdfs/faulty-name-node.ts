import { createServer as createHttpServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, expect } from 'vitest';
import { createHdfs } from './client.ts';
import type { Hdfs } from './client.ts';
import type { HdfsUnavailable } from './errors.ts';

/** Small servers that play the faults of a NameNode for the tests of the client. Each ends with its test. */

const releases: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const release of releases.splice(0).reverse()) await release();
});

async function listen(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  releases.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export const serve = (listener: RequestListener): Promise<string> => listen(createHttpServer(listener));
/** Whatever is asked, these raw bytes come back, as they are. */
export const serveRaw = (onSocket: (socket: Socket) => void): Promise<string> => listen(createTcpServer(onSocket));

export const hdfsAt = (...urls: string[]): Hdfs => createHdfs({ urls, user: 'das', deadlineMs: 400 });

/** What a NameNode says of a file of five bytes. */
export const FILE_STATUS = {
  FileStatus: {
    type: 'FILE',
    length: 5,
    modificationTime: 1,
    fileId: 2,
    owner: 'a',
    permission: '644',
    pathSuffix: '',
  },
};
/** What `promise` rejects with, in time. */
export async function failure(promise: Promise<unknown>): Promise<HdfsUnavailable> {
  const startedAt = performance.now();
  const error: unknown = await promise.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(performance.now() - startedAt, 'ends by the deadline').toBeLessThan(1500);
  return error as HdfsUnavailable;
}

import { createServer } from 'node:net';

/** True if nothing listens on `port` there now (0 asks for any port and is always free). */
export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return (await listenOnce(port, host)) !== undefined;
}

/** Some port that is free now. The system hands out ports in turn, so two callers do not get the same one. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  const port = await listenOnce(0, host);
  if (port === undefined) throw new Error(`no free port on ${host}`);
  return port;
}

/** `wanted`, or, if something else listens there, a free port; that is said. */
export async function choosePort(
  name: string,
  wanted: number,
  say: (line: string) => void,
  host = '127.0.0.1',
): Promise<number> {
  if (wanted !== 0 && (await isPortFree(wanted, host))) return wanted;
  const port = await freePort(host);
  if (wanted !== 0) say(`! port ${wanted} is taken: ${name} uses ${port}`);
  return port;
}

function listenOnce(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else reject(error);
    });
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(bound));
    });
  });
}

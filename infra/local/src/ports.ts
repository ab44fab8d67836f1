import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** True if nothing listens on `port` there now (0 asks for any port and is always free). */
export async function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return (await listenOnce(port, host)) !== undefined;
}

/** Below what systems hand out by themselves (Linux: 32768 and up), apart from what the services here are known by. */
const FROM = 20_000;
const BELOW = 27_000;
const TRIES = 50;
/** By this process, so that no two callers get the same one. */
const given = new Set<number>();

/**
 * Some port that is free now, and likely still is when a service that takes seconds to start listens on it: it is none that the system
 * gives to the next outgoing connection. (HDFS was once seen to end at its start; that this was why is presumed.)
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const port = randomInt(FROM, BELOW);
    if (given.has(port)) continue;
    given.add(port);
    if (await isPortFree(port, host)) return port;
  }
  throw new Error(`no free port on ${host} between ${FROM} and ${BELOW - 1}`);
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

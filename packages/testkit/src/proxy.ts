import { once } from 'node:events';
import { createServer, Socket, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A TCP proxy in front of a service, to take it away and give it back. */
export interface Proxy extends AsyncDisposable {
  /** Of loopback. */
  readonly port: number;
  /** The service is away: every connection is cut, new ones are cut at once. */
  cut(): void;
  /** The service hangs: connections stay, nothing passes in either direction, new ones are accepted and hang. */
  freeze(): void;
  /** Everything arrives this much later. Milliseconds. */
  delay(ms: number): void;
  /** As if nothing had been. What was held back passes. */
  resume(): void;
}

type State = { kind: 'open'; delayMs: number } | { kind: 'cut' } | { kind: 'frozen' };

export async function startProxy(target: { host: string; port: number }): Promise<Proxy> {
  let state: State = { kind: 'open', delayMs: 0 };
  let thawed = Promise.withResolvers<void>();
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
  };
  /** Passes chunks on, one after the other, each when the state lets it. */
  const pump = async (from: Socket, to: Socket) => {
    try {
      for await (const chunk of from) {
        while (state.kind === 'frozen') await thawed.promise;
        if (state.kind === 'open' && state.delayMs > 0) await sleep(state.delayMs);
        if (!to.write(chunk as Buffer)) await once(to, 'drain');
      }
      to.end();
    } catch {
      to.destroy(); // cut
    }
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    keep(client);
    if (state.kind === 'cut') return void client.destroy();
    const upstream = new Socket({ allowHalfOpen: true }).setNoDelay(true);
    keep(upstream);
    client.setNoDelay(true).on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    upstream.connect(target.port, target.host);
    void pump(client, upstream);
    void pump(upstream, client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const become = (next: State) => {
    state = next;
    thawed.resolve();
    thawed = Promise.withResolvers();
  };
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      become({ kind: 'cut' });
      cutAll();
    },
    freeze: () => become({ kind: 'frozen' }),
    delay: (ms) => become({ kind: 'open', delayMs: ms }),
    resume: () => become({ kind: 'open', delayMs: 0 }),
    [Symbol.asyncDispose]: async () => {
      become({ kind: 'cut' });
      cutAll();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A proxy in front of what a URI names, and the URI that leads through it. */
export async function proxyTo(uri: string): Promise<{ proxy: Proxy; uri: string }> {
  const url = new URL(uri);
  const ports: Record<string, number> = { 'mongodb:': 27_017, 'redis:': 6379, 'http:': 80 };
  const proxy = await startProxy({ host: url.hostname, port: Number(url.port || ports[url.protocol]) });
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  if (url.protocol === 'mongodb:') {
    // Else the driver finds out where the replica set really is, and goes there.
    url.searchParams.delete('replicaSet');
    url.searchParams.set('directConnection', 'true');
  }
  return { proxy, uri: url.href.replace(/\/$/, url.protocol === 'http:' ? '' : '/') };
}

import type { Logger } from '@das/core/logging/logger';
import type { LogStore } from '@das/core/mongo/log-store';
import type { HostRules } from '../http/host-rules.ts';
import type { Gate } from '../session/gate.ts';
import type { Server as HttpServer } from 'node:http';
import { ChangeFeed } from './change-feed.ts';
import type { ChangeFeedOptions } from './change-feed.ts';
import { Gatherer } from './gatherer.ts';
import { LogTail } from './log-tail.ts';
import { Publisher } from './publisher.ts';
import type { PublisherParts } from './publisher.ts';
import { Rooms } from './rooms.ts';
import { openSockets, takeSubscriptions } from './sockets.ts';

export type LiveOptions = Omit<PublisherParts, 'rooms'> & {
  http: HttpServer;
  hosts: HostRules;
  gate: Gate;
  feed: Pick<ChangeFeedOptions, 'uri' | 'database' | 'scriptsCollection'>;
  logs: LogStore;
  log: Logger;
};

/**
 * Live state, from MongoDB to the browser:
 * change stream (ids) → gatherer (≤ 100 ms) → publisher (one query a noun) → rooms; logs of watched runs beside it.
 */
export function startLiveUpdates(options: LiveOptions): { sockets: () => number; stop: () => Promise<void> } {
  const { http, hosts, gate, feed, logs, log, ...parts } = options;
  const server = openSockets(http, { hosts, gate });
  const namespace = server.of('/');
  const rooms = new Rooms(namespace);
  const publisher = new Publisher({ ...parts, rooms });
  const gatherer = new Gatherer({
    publish: (changed, oldestAt) => publisher.publish(changed, oldestAt),
    onLost: () => rooms.resyncAll(),
    log,
  });
  const tail = new LogTail({ rooms, logs, runs: parts.runs, log });
  const changes = new ChangeFeed({
    ...feed,
    onChange: (change) => gatherer.add(change),
    onLost: () => rooms.resyncAll(),
    isWatched: () => namespace.sockets.size > 0,
    log,
  });
  takeSubscriptions({
    namespace,
    gate,
    log,
    onSubscribe: async (topic) => {
      await changes.attend();
      if (topic.startsWith('run:')) await tail.begin(topic.slice('run:'.length));
    },
    onGone: (socket) => rooms.forget(socket),
  });
  changes.start();
  return {
    sockets: () => namespace.sockets.size,
    stop: async () => {
      await changes.stop();
      await Promise.all([gatherer.stop(), tail.stop()]);
      rooms.close();
      await server.close();
    },
  };
}

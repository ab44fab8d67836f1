import type { ClientToServerEvents, ServerToClientEvents } from '@das/contracts/socket';
import type { Namespace, Socket } from 'socket.io';

export type LiveSocket = Socket<ClientToServerEvents, ServerToClientEvents>;
export type LiveNamespace = Namespace<ClientToServerEvents, ServerToClientEvents>;
type Event = Exclude<keyof ServerToClientEvents, 'resync'>;
type Message<E extends Event> = Parameters<ServerToClientEvents[E]>[0];

/** A client this far behind gets no more until it has caught up. */
const BACKLOG_BYTES = 4 * 1024 * 1024;
const BACKLOG_PACKETS = 256;
const LOOK_MS = 250;

/**
 * Who watches which topic, and sending to them. What a slow client cannot take is not kept for it: it is told to fetch the
 * topic again once it has read what it was sent.
 */
export class Rooms {
  readonly #namespace: LiveNamespace;
  /** By socket id: the topics of which something was dropped. */
  readonly #dropped = new Map<string, Set<string>>();
  #timer: NodeJS.Timeout | null = null;

  constructor(namespace: LiveNamespace) {
    this.#namespace = namespace;
  }

  isWatched(topic: string): boolean {
    return (this.#namespace.adapter.rooms.get(topic)?.size ?? 0) > 0;
  }

  /** The ids behind `run:<id>` or `launch:<id>` that somebody watches. */
  watchedIds(prefix: 'run:' | 'launch:'): string[] {
    return [...this.#namespace.adapter.rooms.keys()]
      .filter((room) => room.startsWith(prefix))
      .map((room) => room.slice(prefix.length));
  }

  send<E extends Event>(topic: string, event: E, message: Message<E>): void {
    const slow: string[] = [];
    for (const id of this.#namespace.adapter.rooms.get(topic) ?? []) {
      const socket = this.#namespace.sockets.get(id);
      if (socket && this.#isBehind(socket, topic)) slow.push(id);
    }
    const audience = this.#namespace.to(topic).except(slow);
    // socket.io's types do not follow a generic event.
    (audience.emit as (event: Event, message: unknown) => boolean).call(audience, event, message);
  }

  /** Everybody who watches `topic` has to fetch it again. */
  resync(topic: string): void {
    this.#namespace.to(topic).emit('resync', { topic });
  }

  resyncAll(): void {
    for (const [room] of this.#namespace.adapter.rooms) {
      if (!this.#namespace.sockets.has(room)) this.resync(room);
    }
  }

  forget(socket: LiveSocket): void {
    this.#dropped.delete(socket.id);
  }

  close(): void {
    if (this.#timer) clearInterval(this.#timer);
  }

  /** Notes what is dropped; once behind, a client stays so until it was told. */
  #isBehind(socket: LiveSocket, topic: string): boolean {
    const dropped = this.#dropped.get(socket.id);
    if (!dropped && !hasBacklog(socket)) return false;
    this.#dropped.set(socket.id, (dropped ?? new Set()).add(topic));
    this.#timer ??= setInterval(() => this.#tellThoseWhoCaughtUp(), LOOK_MS);
    return true;
  }

  #tellThoseWhoCaughtUp(): void {
    for (const [id, topics] of this.#dropped) {
      const socket = this.#namespace.sockets.get(id);
      if (socket && hasBacklog(socket)) continue;
      this.#dropped.delete(id);
      for (const topic of topics) if (socket?.rooms.has(topic)) socket.emit('resync', { topic });
    }
    if (this.#dropped.size > 0 || !this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}

/** What engine.io keeps of a connection: packets that wait for the ones before them, and the bytes under way. */
type Connection = { writeBuffer: { data?: unknown }[]; transport: { socket?: { bufferedAmount?: number } } };

/** Whether much lies in this process that the client has not taken yet. */
function hasBacklog({ conn }: LiveSocket): boolean {
  const { writeBuffer, transport } = conn as unknown as Connection;
  if (writeBuffer.length > BACKLOG_PACKETS) return true;
  const waiting = writeBuffer.reduce((sum, { data }) => sum + (typeof data === 'string' ? data.length : 0), 0);
  return waiting + (transport.socket?.bufferedAmount ?? 0) > BACKLOG_BYTES;
}

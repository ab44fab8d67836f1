import type { Acknowledgement, ClientToServerEvents, ServerToClientEvents } from '@das/contracts/socket';
import type { Socket } from 'socket.io-client';

export type ConnectionState = 'connecting' | 'connected' | 'reconnecting' | 'disconnected';
type Events = { [Name in keyof ServerToClientEvents]: Parameters<ServerToClientEvents[Name]>[0] };
/** What a watcher of a topic is told. Messages carry no topic: a listener picks what concerns it. */
export type Listener = { [Name in keyof Events]?: (message: Events[Name]) => void } & {
  /** The subscription was acknowledged for the first time: only what was asked for before may lack a change. */
  joined: () => void;
  /** The socket is there again or history was lost: subscribe has happened, fetch now. */
  refresh: () => void;
};

// While the page itself is loaded: the sooner changes are told, the less of what it asks for first has to be asked for again.
const loadClient = () => import('socket.io-client');
void loadClient().catch(() => undefined);

const ACKNOWLEDGE_MS = 5000;
/** Until the next try after the server itself ended the connection, which socket.io takes for final. In ms. */
const AFTER_DISMISSAL_MS = 3000;

/**
 * The socket (design §4). Topics are counted, so that two parts of a page may watch the same one; every
 * reconnect subscribes to all of them again and asks each listener to fetch again. The first connection only says that it is
 * there: pages do not wait for it with their first fetch, and need not begin that anew.
 */
class LiveConnection {
  state = $state<ConnectionState>('connecting');
  /** When what is shown was last known to be fresh (ms); grows only while connected or after a fetch. */
  freshAt = $state(Date.now());
  /** Why there is no connection, in the server's words. */
  reason = $state<string | null>(null);
  #socket: Socket<ServerToClientEvents, ClientToServerEvents> | null = null;
  #wasConnected = false;
  /** When the server last said anything, if only a ping (ms): a machine that slept may have missed the end. */
  #heardAt = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Map<string, Listener[]>();

  /** Connects, and stays until the answer is called. */
  start(): () => void {
    let stopped = false;
    void loadClient()
      .then(({ io }) => {
        if (!stopped)
          this.#attach(io({ transports: ['websocket'], reconnectionDelayMax: 5000, withCredentials: true }));
      })
      .catch(() => (this.state = 'disconnected'));
    const check = () => void (document.hidden ? undefined : this.#check());
    window.addEventListener('online', check);
    document.addEventListener('visibilitychange', check);
    return () => {
      stopped = true;
      window.removeEventListener('online', check);
      document.removeEventListener('visibilitychange', check);
      clearTimeout(this.#retry);
      this.#socket?.disconnect();
      this.#socket = null;
    };
  }

  /** Tries at once, without waiting for the next automatic try. */
  reconnect(): void {
    if (this.#socket && !this.#socket.connected) {
      this.state = 'reconnecting';
      this.#socket.disconnect().connect();
    }
  }

  /**
   * After a sleep or a change of networks a socket may be dead and not know it for a minute: somebody who looks again is not told
   * that all is live before the server has answered.
   */
  async #check(): Promise<void> {
    const socket = this.#socket;
    if (!socket) return;
    if (!socket.connected) return this.reconnect();
    const [topic] = this.#listeners.keys();
    if (!topic) return;
    try {
      await socket.timeout(ACKNOWLEDGE_MS).emitWithAck('subscribe', { topic });
    } catch {
      if (socket !== this.#socket || !socket.connected) return;
      socket.disconnect().connect();
      this.state = 'reconnecting';
    }
  }

  get connected(): boolean {
    return this.state === 'connected';
  }

  /** Subscribes to a topic; resolves when it is acknowledged, or cannot be now. The answer to `leave` ends it. */
  watch(topic: string, listener: Listener): { subscribed: Promise<void>; leave: () => void } {
    this.#listeners.set(topic, [...(this.#listeners.get(topic) ?? []), listener]);
    return { subscribed: this.#subscribe(topic), leave: () => this.#leave(topic, listener) };
  }

  #leave(topic: string, listener: Listener): void {
    const left = (this.#listeners.get(topic) ?? []).filter((other) => other !== listener);
    if (left.length > 0) {
      this.#listeners.set(topic, left);
      return;
    }
    this.#listeners.delete(topic);
    if (this.#socket?.connected) this.#socket.emit('unsubscribe', { topic }, () => undefined);
  }

  #attach(socket: Socket<ServerToClientEvents, ClientToServerEvents>): void {
    this.#socket = socket;
    socket.on('connect', () => void this.#onConnect());
    socket.onAny(() => (this.#heardAt = Date.now()));
    socket.io.on('ping', () => (this.#heardAt = Date.now()));
    socket.on('disconnect', (reason) => {
      this.#onLost(socket, reason);
    });
    socket.on('connect_error', (error) => {
      this.#onLost(socket, error.message);
    });
    for (const name of ['run', 'script', 'worker', 'launch', 'log'] as const) {
      // Each name's message goes to the handlers of that very name: the cast only says so to the compiler.
      socket.on(name, ((message: never) =>
        this.#tell((listener) => (listener[name] as ((m: never) => void) | undefined)?.(message))) as never);
    }
    socket.on('resync', ({ topic }) => {
      for (const listener of this.#listeners.get(topic) ?? []) listener.refresh();
    });
  }

  #onLost(socket: Socket, reason: string): void {
    this.freshAt = Math.max(this.freshAt, this.#heardAt);
    this.reason = reason;
    this.state = socket.active ? 'reconnecting' : 'disconnected';
    if (socket.active || socket !== this.#socket) return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.reconnect(), AFTER_DISMISSAL_MS);
  }

  async #onConnect(): Promise<void> {
    await Promise.all([...this.#listeners.keys()].map((topic) => this.#subscribe(topic)));
    if (!this.#socket?.connected) return;
    clearTimeout(this.#retry);
    this.reason = null;
    this.state = 'connected';
    this.freshAt = Date.now();
    const isFirst = !this.#wasConnected;
    this.#wasConnected = true;
    this.#tell((listener) => (isFirst ? listener.joined() : listener.refresh()));
  }

  #tell(say: (listener: Listener) => void): void {
    // A page that watches two topics with one listener hears a message once.
    const listeners = [...this.#listeners.values()].flat();
    for (const listener of listeners.filter((other, at) => listeners.indexOf(other) === at)) say(listener);
  }

  async #subscribe(topic: string): Promise<void> {
    const socket = this.#socket;
    if (!socket?.connected) return;
    try {
      const answer: Acknowledgement = await socket.timeout(ACKNOWLEDGE_MS).emitWithAck('subscribe', { topic });
      if (!answer.ok) this.reason = answer.detail;
    } catch {
      // No acknowledgement in time: the socket is going; its reconnect subscribes again.
    }
  }
}

export const live = new LiveConnection();

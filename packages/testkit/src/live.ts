import type { Acknowledgement, ClientToServerEvents, ServerToClientEvents } from '@das/contracts/socket';
import { io, type Socket } from 'socket.io-client';
import { eventually, type WaitOptions } from './eventually.ts';

type EventName = keyof ServerToClientEvents;
type Message<E extends EventName> = Parameters<ServerToClientEvents[E]>[0];
export type LiveEvent = { [E in EventName]: { event: E; message: Message<E> } }[EventName];

export type LiveOptions = { token?: string; headers?: Record<string, string> };

/** A socket.io client that keeps all it is sent. */
export class LiveClient implements Disposable {
  readonly events: LiveEvent[] = [];
  readonly socket: Socket<ServerToClientEvents, ClientToServerEvents>;

  private constructor(url: string, { token, headers }: LiveOptions) {
    this.socket = io(url, {
      transports: ['websocket'],
      forceNew: true,
      reconnectionDelay: 100,
      ...(token === undefined ? {} : { auth: { token } }),
      ...(headers === undefined ? {} : { extraHeaders: headers }),
    });
    this.socket.onAny((event: EventName, message: unknown) => this.events.push({ event, message } as LiveEvent));
  }

  /** Throws what the handshake was refused with. */
  static async connect(url: string, options: LiveOptions = {}): Promise<LiveClient> {
    const client = new LiveClient(url, options);
    try {
      await new Promise<void>((resolve, reject) => {
        client.socket.once('connect', resolve);
        client.socket.once('connect_error', reject);
      });
    } catch (error) {
      client[Symbol.dispose]();
      throw error;
    }
    return client;
  }

  async subscribe(topic: string): Promise<Acknowledgement> {
    return (await this.socket.timeout(5000).emitWithAck('subscribe', { topic })) as Acknowledgement;
  }

  async unsubscribe(topic: string): Promise<Acknowledgement> {
    return (await this.socket.timeout(5000).emitWithAck('unsubscribe', { topic })) as Acknowledgement;
  }

  /** The messages of one event so far. */
  of<E extends EventName>(event: E): Message<E>[] {
    return this.events.flatMap((seen) => (seen.event === event ? [seen.message as Message<E>] : []));
  }

  /** The states of one run, in the order they came. */
  statesOf(runId: string): string[] {
    const states = this.of('run').flatMap(({ items }) =>
      items.filter(({ id }) => id === runId).map(({ state }) => state),
    );
    return states.filter((state, i) => state !== states[i - 1]);
  }

  until<E extends EventName>(
    event: E,
    holds: (messages: Message<E>[]) => boolean,
    options?: WaitOptions,
  ): Promise<Message<E>[]> {
    return eventually(`socket event ${event}`, () => this.of(event), holds, options);
  }

  [Symbol.dispose](): void {
    this.socket.disconnect();
  }
}

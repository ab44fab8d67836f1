import type { IncomingMessage, Server as HttpServer } from 'node:http';
import { subscriptionSchema } from '@das/contracts/socket';
import type { Acknowledgement, ClientToServerEvents, ServerToClientEvents } from '@das/contracts/socket';
import type { Logger } from '@das/core/logging/logger';
import { Server } from 'socket.io';
import { refusal } from '../http/host-rules.ts';
import type { HostRules } from '../http/host-rules.ts';
import { toApiProblem } from '../http/api-problem.ts';
import type { Gate } from '../session/gate.ts';
import type { LiveNamespace, LiveSocket } from './rooms.ts';

export type LiveServer = Server<ClientToServerEvents, ServerToClientEvents>;

/** Topics that one client may watch. */
const TOPICS = 200;

/** The socket side of an HTTP server: WebSocket only, so that any number of API processes needs no sticky sessions. */
export function openSockets(http: HttpServer, options: { hosts: HostRules; gate: Gate }): LiveServer {
  return new Server(http, {
    path: '/socket.io',
    serveClient: false,
    transports: ['websocket'],
    maxHttpBufferSize: 64 * 1024,
    // A page says that it is not live some 20 s after this process has frozen. (socket.io's own would be 45.)
    pingInterval: 10_000,
    pingTimeout: 10_000,
    allowRequest: (request, answer) => {
      const why = refuseHandshake(request, options);
      answer(why, why === undefined);
    },
  });
}

/** A page of another site may open a WebSocket without asking: so it is asked here. */
function refuseHandshake(request: IncomingMessage, { hosts }: { hosts: HostRules }): string | undefined {
  const { host, origin } = request.headers;
  return refusal(hosts, { host, origin, fetchSite: undefined, changes: false });
}

export type SubscriptionParts = {
  namespace: LiveNamespace;
  gate: Gate;
  /** Somebody begins to watch `topic`; awaited before the answer. */
  onSubscribe: (topic: string) => Promise<void>;
  onGone: (socket: LiveSocket) => void;
  log: Logger;
};

/** Lets clients in (cookie, bearer token, or `auth: {token}` of the handshake) and takes their subscriptions. */
export function takeSubscriptions({ namespace, gate, onSubscribe, onGone, log }: SubscriptionParts): void {
  namespace.use((socket, next) => {
    const { headers, auth, address } = socket.handshake;
    const given: unknown = auth['token'];
    const authorization = headers.authorization ?? (typeof given === 'string' ? `Bearer ${given}` : undefined);
    try {
      const known = gate.identify({ headers: { ...headers, ...(authorization && { authorization }) }, address });
      next(known ? undefined : new Error('unauthenticated'));
    } catch (error) {
      next(new Error(toApiProblem(error).code));
    }
  });
  namespace.on('connection', (socket) => {
    socket.on('subscribe', (message, acknowledge) => {
      const answer = subscribe(socket, message, onSubscribe).catch((error: unknown): Acknowledgement => {
        log.warn({ error }, 'a subscription failed');
        const { code, message: detail } = toApiProblem(error);
        return { ok: false, code, detail };
      });
      void answer.then((result) => acknowledged(acknowledge, result));
    });
    socket.on('unsubscribe', (message, acknowledge) => {
      const parsed = subscriptionSchema.safeParse(message);
      if (parsed.success) void socket.leave(parsed.data.topic);
      acknowledged(acknowledge, parsed.success ? { ok: true } : unknownTopic());
    });
    socket.on('disconnect', () => onGone(socket));
  });
}

async function subscribe(
  socket: LiveSocket,
  message: unknown,
  onSubscribe: (topic: string) => Promise<void>,
): Promise<Acknowledgement> {
  const parsed = subscriptionSchema.safeParse(message);
  if (!parsed.success) return unknownTopic();
  if (socket.rooms.size > TOPICS)
    return { ok: false, code: 'invalid_request', detail: `at most ${TOPICS} topics a client` };
  await socket.join(parsed.data.topic);
  await onSubscribe(parsed.data.topic);
  return { ok: true };
}

function unknownTopic(): Acknowledgement {
  const detail = 'send {topic}: runs, scripts, workers, launches, run:<id> or launch:<id>';
  return { ok: false, code: 'invalid_request', detail };
}

/** Clients need not ask for an acknowledgement. */
function acknowledged(acknowledge: unknown, answer: Acknowledgement): void {
  if (typeof acknowledge === 'function') (acknowledge as (answer: Acknowledgement) => void)(answer);
}

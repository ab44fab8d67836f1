import type { Submitter } from '@das/contracts/primitives';
import { LIMITS } from '@das/contracts/limits';
import { newId } from '@das/core/domain/ids';
import type { Logger } from '@das/core/logging/logger';
import express from 'express';
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import type { Gate } from '../session/gate.ts';
import { unauthenticated } from '../session/gate.ts';
import { PROBLEMS } from '@das/contracts/problem';
import { ApiProblem, problemBody, toApiProblem } from './api-problem.ts';
import { withinBounds } from './deadline.ts';
import { refusal } from './host-rules.ts';
import type { HostRules } from './host-rules.ts';
import type { AnyReply, Endpoint, RawCall } from './implement.ts';
import { demandJson, hasBody, parseJson } from './json-body.ts';
import { sendReply } from './send-reply.ts';

export type ApplicationOptions = {
  endpoints: readonly Endpoint[];
  gate: Gate;
  hosts: HostRules;
  /** Headers that protect whoever looks at the dashboard. */
  protection: RequestHandler;
  /** What is not of the API: the dashboard's files. */
  dashboard: RequestHandler;
  log: Logger;
  /** After every answer of the API; `route` as declared (`/api/v1/runs/:id`). */
  onAnswer: (answer: { method: string; route: string; status: number; seconds: number }) => void;
};

/** The HTTP side: who may come in, then the routes, then the dashboard; problems are told in one place. */
export function createApplication(options: ApplicationOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  app.set('query parser', 'simple');
  app.use((_request, response, next) => {
    response.locals['requestId'] = newId();
    response.locals['startedAt'] = performance.now();
    response.setHeader('X-Request-Id', requestIdOf(response));
    next();
  });
  app.use(options.protection);
  app.use(refuseForeigners(options.hosts));
  for (const [path, endpoints] of byPath(options.endpoints)) app.all(path, serve(endpoints, options));
  app.use('/api', (request, _response, next) => {
    admit(options.gate, request);
    next(
      new ApiProblem(
        'not_found',
        `there is no ${request.originalUrl.split('?')[0]} in this API; see /api/openapi.json`,
      ),
    );
  });
  app.use(options.dashboard);
  app.use(tellProblem(options.log));
  return app;
}

/** Paths with their endpoints; what is spelled out goes before a parameter (`/runs/counts` before `/runs/:id`). */
function byPath(endpoints: readonly Endpoint[]): [string, Endpoint[]][] {
  const groups = Object.entries(Object.groupBy(endpoints, ({ route }) => route.path)) as [string, Endpoint[]][];
  const rank = (path: string): string => path.replaceAll(':', '~');
  return groups.toSorted(([a], [b]) => (rank(a) < rank(b) ? -1 : 1));
}

function refuseForeigners(hosts: HostRules): RequestHandler {
  return ({ headers, method }, _response, next) => {
    const fetchSite = headers['sec-fetch-site'];
    const provenance = {
      host: headers.host,
      origin: headers.origin,
      fetchSite: typeof fetchSite === 'string' ? fetchSite : undefined,
      changes: !['GET', 'HEAD'].includes(method),
    };
    const why = refusal(hosts, provenance);
    next(why === undefined ? undefined : new ApiProblem('forbidden', why));
  };
}

function serve(endpoints: readonly Endpoint[], options: ApplicationOptions): RequestHandler {
  const methods = endpoints.flatMap(({ route }) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]));
  const readers = new Map(endpoints.map((endpoint) => [endpoint, readBody(endpoint)]));
  return async (request, response) => {
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const endpoint = endpoints.find(({ route }) => route.method === method);
    response.once('finish', () => {
      const seconds = (performance.now() - Number(response.locals['startedAt'])) / 1000;
      options.onAnswer({ method, route: endpoints[0]?.route.path ?? '', status: response.statusCode, seconds });
    });
    if (!endpoint) {
      admit(options.gate, request);
      const headers = { Allow: methods.join(', ') };
      throw new ApiProblem('method_not_allowed', `${request.path} knows ${headers.Allow} only`, { headers });
    }
    const caller = admit(options.gate, request, endpoint.route.open);
    const body = await readers.get(endpoint)?.(request, response);
    const reply = await answer(endpoint, { request, response, caller, body }, options.log);
    await sendReply(response, endpoint.route, reply);
  };
}

/** Who calls; throws ApiProblem where nobody is let in. */
function admit(gate: Gate, request: Request, open = false): Submitter {
  const visitor = { headers: request.headers, address: addressOf(request) };
  if (open) return { id: 'anonymous', via: 'anonymous' };
  const caller = gate.identify(visitor);
  if (!caller) throw unauthenticated('send the token as "Authorization: Bearer …", or sign in to the dashboard');
  return caller;
}

type BodyReader = (request: Request, response: Response) => Promise<unknown>;

/** Reads a JSON body up to the route's limit; no body is `undefined`. */
function readBody({ route }: Endpoint): BodyReader {
  const read = express.raw({ type: () => true, limit: route.bodyBytes ?? LIMITS.bodyBytes, inflate: false });
  return async (request, response) => {
    if (route.method === 'GET' || !hasBody(request)) return undefined;
    demandJson(request);
    await new Promise<void>((resolve, reject) => {
      read(request, response, (error?: unknown) => (error ? reject(error as Error) : resolve()));
    });
    const bytes: unknown = request.body;
    return bytes instanceof Uint8Array ? parseJson(bytes) : undefined;
  };
}

type Received = { request: Request; response: Response; caller: Submitter; body: unknown };

function answer(endpoint: Endpoint, { request, response, caller, body }: Received, log: Logger): Promise<AnyReply> {
  const requestId = requestIdOf(response);
  return withinBounds((bounds) => {
    const raw: RawCall = {
      params: request.params,
      query: request.query,
      body,
      header: (name) => request.get(name),
      address: addressOf(request),
      caller,
      requestId,
      bounds,
      log: log.child({ requestId }),
    };
    return endpoint.handle(raw);
  });
}

function tellProblem(log: Logger) {
  return (error: unknown, request: Request, response: Response, next: NextFunction): void => {
    const problem = toApiProblem(error);
    const requestId = requestIdOf(response);
    const { status } = PROBLEMS[problem.code];
    const about = { requestId, method: request.method, path: request.path, code: problem.code };
    if (status === 500) log.error({ ...about, error: problem.cause }, 'a request failed inside DAS');
    else if (status === 503) log.warn({ ...about, error: problem.cause ?? problem }, 'a request could not be served');
    else log.debug({ ...about, detail: problem.message }, 'a request was refused');
    if (response.headersSent) return next(error);
    for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value);
    // What is left of a body that was not read must not be taken for the next request.
    if (hasBody(request) && !request.complete) response.setHeader('Connection', 'close');
    response.status(status).type('application/problem+json').set('Cache-Control', 'no-store');
    response.send(JSON.stringify(problemBody(problem, requestId)));
  };
}

function requestIdOf(response: Response): string {
  return String(response.locals['requestId']);
}

function addressOf(request: Request): string {
  return request.socket.remoteAddress ?? 'unknown';
}

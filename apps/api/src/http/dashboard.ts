import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import express from 'express';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import helmet from 'helmet';

const YEAR_MS = 365 * 24 * 3600 * 1000;
/** Every answer carries the header; a look at the disk for each of them is a hundredth of what a submit costs. Milliseconds. */
const LOOK_MS = 250;
const NOT_BUILT = `<!doctype html><meta charset="utf-8"><title>DAS</title>
<h1>The dashboard is not built</h1>
<p>The API works. Build the dashboard with <code>npm run build</code> (or start everything with <code>npm start</code>), then load this page again.</p>`;

/** The dashboard's own files, and its page for every address of it. `build` may be missing: then a page says so. */
export function serveDashboard(build: string): RequestHandler {
  const files = express.static(build, {
    index: false,
    redirect: false,
    setHeaders: (response, path) => {
      const hashed = path.includes(`${join('_app', 'immutable')}`);
      response.setHeader('Cache-Control', hashed ? `public, max-age=${YEAR_MS / 1000}, immutable` : 'no-cache');
    },
  });
  const page = join(build, 'index.html');
  return (request, response, next) => {
    if (!['GET', 'HEAD'].includes(request.method)) return next();
    if (request.path.startsWith('/socket.io/')) return next();
    offerCompressed(build, request, response);
    files(request, response, (error?: unknown) => {
      if (error) return next(error);
      sendPage(page, request, response, next);
    });
  };
}

/** Every address without a file ending is one of the dashboard's own. */
function sendPage(page: string, request: Request, response: Response, next: NextFunction): void {
  response.removeHeader('Content-Encoding');
  response.setHeader('Cache-Control', 'no-cache');
  if (extname(request.path) !== '') response.status(404).type('text/plain').send('There is no such file.\n');
  else if (!existsSync(page)) response.status(503).type('html').send(NOT_BUILT);
  else
    response
      .type('html')
      .sendFile(page, { cacheControl: false }, (error) => error && !response.headersSent && next(error));
}

const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

/** The build holds compressed twins of its files: a browser that takes them gets them. */
function offerCompressed(build: string, request: Request, response: Response): void {
  if (extname(request.path) === '' || request.path.includes('..') || request.path.includes('%')) return;
  response.vary('Accept-Encoding');
  const twin = ENCODINGS.find(([name, end]) => {
    return request.acceptsEncodings(name) === name && isFile(join(build, request.path + end));
  });
  if (!twin) return;
  const [encoding, ending] = twin;
  response.type(extname(request.path)).setHeader('Content-Encoding', encoding);
  request.url = request.url.replace(request.path, request.path + ending);
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** The security headers; inline scripts of the built page are allowed by their hashes. */
export function protectDashboard(build: string): RequestHandler {
  const page = join(build, 'index.html');
  const scripts = inlineScriptsOf(page);
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'self'"],
        'script-src': ["'self'", scripts],
        'style-src': ["'self'", "'unsafe-inline'"],
        'img-src': ["'self'", 'data:'],
        'font-src': ["'self'", 'data:'],
        'connect-src': ["'self'"],
        'object-src': ["'none'"],
        'base-uri': ["'self'"],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
      },
    },
    // Whether there is TLS in front is for what stands there to say.
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
  });
}

/** The hashes for the header; read again when the dashboard was built again, which is looked for once in a while. */
function inlineScriptsOf(page: string): () => string {
  let known = { builtAt: -1, hashes: '' };
  let lookedAt = -LOOK_MS;
  return () => {
    if (performance.now() - lookedAt < LOOK_MS) return known.hashes;
    lookedAt = performance.now();
    const builtAt = statSync(page, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (builtAt !== known.builtAt) {
      known = { builtAt, hashes: builtAt === 0 ? '' : inlineScriptHashes(readFileSync(page, 'utf8')).join(' ') };
    }
    return known.hashes;
  };
}

/** `'sha256-…'` of every script that stands in the page itself. */
export function inlineScriptHashes(html: string): string[] {
  const scripts = html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g);
  return [...scripts].map(([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
}

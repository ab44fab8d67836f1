import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RouteSpec } from '@das/contracts/routes';
import type { Response } from 'express';
import type { AnyReply } from './implement.ts';

/** JSON, or bytes of the route's content type as they come. */
export async function sendReply(
  response: Response,
  route: RouteSpec,
  { status, body, content, headers = {} }: AnyReply,
): Promise<void> {
  response.status(status).set('Cache-Control', 'no-store');
  const contentType = route.answers[status]?.contentType;
  if (content !== undefined && contentType) response.set('Content-Type', `${contentType}; charset=utf-8`);
  response.set(headers);
  if (content === undefined) {
    if (body === undefined) response.end();
    else response.type('application/json').send(JSON.stringify(body));
  } else if (typeof content === 'string' || content instanceof Uint8Array) {
    response.send(
      typeof content === 'string' ? content : Buffer.from(content.buffer, content.byteOffset, content.byteLength),
    );
  } else {
    await pipeline(Readable.from(content, { objectMode: false }), response).catch((error: unknown) => {
      // Whoever asked has gone away in the middle of it: nobody's fault, and nobody is left to be told.
      if (!isPremature(error)) throw error;
    });
  }
}

function isPremature(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE';
}

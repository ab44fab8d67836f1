import { ROUTES } from '@das/contracts/routes';
import { implement } from '../http/implement.ts';
import type { Endpoint } from '../http/implement.ts';
import type { Gate } from './gate.ts';
import { COOKIE_NAME, sealSession } from './session-cookie.ts';

const ATTRIBUTES = 'Path=/; HttpOnly; SameSite=Strict';

/** The dashboard signs in and out. */
export function sessionEndpoints(gate: Gate): Endpoint[] {
  return [
    implement(ROUTES.openSession)(async ({ body, address, header }) => {
      gate.prove(body.token, address);
      if (!gate.needsToken) return { status: 204 };
      const { value, maxAgeSeconds } = sealSession(body.token);
      const secure = header('origin')?.startsWith('https:') ? '; Secure' : '';
      return {
        status: 204,
        headers: { 'Set-Cookie': `${COOKIE_NAME}=${value}; Max-Age=${maxAgeSeconds}; ${ATTRIBUTES}${secure}` },
      };
    }),
    implement(ROUTES.closeSession)(async () => ({
      status: 204,
      headers: { 'Set-Cookie': `${COOKIE_NAME}=; Max-Age=0; ${ATTRIBUTES}` },
    })),
  ];
}

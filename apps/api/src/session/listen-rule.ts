import { InvalidSettings } from '@das/core/config/settings';
import { hostnameOf, isLoopback } from '../http/host-rules.ts';

/** Whoever reaches the API runs code: an address that others can reach needs a token. Throws InvalidSettings. */
export function demandTokenOffLoopback(host: string, token: string | undefined): void {
  if (token !== undefined || isLoopback(hostnameOf(host) ?? host)) return;
  throw new InvalidSettings([
    `API_HOST: ${host} can be reached from other machines, and DAS runs code: set API_TOKEN, or listen on 127.0.0.1`,
  ]);
}

/**
 * Which hosts and origins the API answers to. DAS executes code, so a page somewhere else in the same browser must not reach
 * it, not even under a name that its owner points at this address (DNS rebinding). Pure.
 */
export type HostRules = { allowedHosts: ReadonlySet<string> };

/** The parts of a request that say where it comes from. */
export type Provenance = {
  host: string | undefined;
  origin: string | undefined;
  /** `Sec-Fetch-Site`, which browsers set and pages cannot. */
  fetchSite: string | undefined;
  /** Whether it changes something. */
  changes: boolean;
};

const WILDCARDS = new Set(['0.0.0.0', '::', '']);

/** @param listensOn API_HOST @param allowed API_ALLOWED_HOSTS: names, a port behind them is ignored */
export function hostRules(listensOn: string, allowed: readonly string[]): HostRules {
  const names = [...allowed, ...(WILDCARDS.has(listensOn) ? [] : [listensOn])];
  return { allowedHosts: new Set(names.map((name) => hostnameOf(name) ?? name.toLowerCase())) };
}

/** Why a request is refused; undefined when it is welcome. */
export function refusal(rules: HostRules, { host, origin, fetchSite, changes }: Provenance): string | undefined {
  const hostname = hostnameOf(host ?? '');
  if (hostname === undefined || !(isLoopback(hostname) || rules.allowedHosts.has(hostname))) {
    return `the host "${host ?? ''}" is not one this API answers to; an operator can allow it with API_ALLOWED_HOSTS`;
  }
  if (origin !== undefined && !isOwnOrigin(rules, origin, host ?? '')) {
    return `the origin "${origin}" is foreign to this API`;
  }
  if (changes && origin === undefined && fetchSite !== undefined && !['same-origin', 'none'].includes(fetchSite)) {
    return 'another site asked for a change';
  }
  return undefined;
}

/** The same host and port as asked for, or a name that the operator allows. */
function isOwnOrigin({ allowedHosts }: HostRules, origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { host: from, hostname, protocol } = new URL(origin);
  if (protocol !== 'http:' && protocol !== 'https:') return false;
  if (from === host.toLowerCase()) return true;
  return allowedHosts.has(bare(hostname)) && !isLoopback(bare(hostname));
}

/** `localhost`, `*.localhost`, `127.0.0.0/8`, `::1` */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|::1)$/.test(hostname);
}

/** Of `name:port`, `[::1]:port`, `::1`, …: lower case, without port and brackets; undefined where it is none. */
export function hostnameOf(host: string): string | undefined {
  const authority = host.includes('::') && !host.startsWith('[') ? `[${host}]` : host;
  if (/[\s/@?#\\]/.test(authority) || !URL.canParse(`http://${authority}`)) return undefined;
  return bare(new URL(`http://${authority}`).hostname);
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '').toLowerCase();
}

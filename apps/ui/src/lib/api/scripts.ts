import type { Directory, Scan, Script, ScriptContent } from '@das/contracts/script';
import { call, newKey, type Page } from './client.ts';

export function listScripts(
  query: { cursor?: string | undefined; limit?: number },
  signal?: AbortSignal,
): Promise<Page<Script>> {
  return call('GET', '/api/v1/scripts', { query, signal });
}

export function startScan(): Promise<Scan> {
  return call('POST', '/api/v1/scripts/scans', { idempotencyKey: newKey() });
}

export function getScan(id: string): Promise<Scan> {
  return call('GET', `/api/v1/scripts/scans/${encodeURIComponent(id)}`);
}

/** The current content, or the stored one that `sha256` names. */
export function getContent(path: string, sha256?: string | null, signal?: AbortSignal): Promise<ScriptContent> {
  return call('GET', '/api/v1/scripts/content', { query: { path, sha256 }, signal });
}

export function listDirectory(path: string, signal?: AbortSignal): Promise<Directory> {
  return call('GET', '/api/v1/files', { query: { path }, signal });
}

/** Those whose path holds `q`. */
export function searchScripts(query: { q: string; limit: number }, signal?: AbortSignal): Promise<Page<Script>> {
  return call('GET', '/api/v1/scripts', { query, signal });
}

import type {
  Directory,
  GridRow,
  Scan,
  Script,
  ScriptContent,
  ScriptSettings,
  ScriptVersion,
} from '@das/contracts/script';
import { call, newKey, respond, type Page } from './client.ts';

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

/** The newest runs of each of `paths`, at most 200 of them. */
export function getGrid(paths: readonly string[], last: number, signal?: AbortSignal): Promise<{ items: GridRow[] }> {
  const asked = paths.map((path) => `path=${encodeURIComponent(path)}`).join('&');
  return call('GET', `/api/v1/scripts/grid?${asked}&last=${last}`, { signal });
}

/** The newest 50 contents. */
export function listVersions(path: string, signal?: AbortSignal): Promise<Page<ScriptVersion>> {
  return call('GET', '/api/v1/scripts/versions', { query: { path }, signal });
}

/** Settings as they are saved, the tag to replace them with, and who saved them when (null: nobody yet). */
export type SavedSettings = { settings: ScriptSettings; etag: string; saved: { by: string; at: string } | null };

export async function getScriptSettings(path: string, signal?: AbortSignal): Promise<SavedSettings> {
  return readSettings(await respond('GET', '/api/v1/scripts/settings', { query: { path }, signal }));
}

/** Replaces what `etag` stands for. Throws ApiError `precondition_failed` where somebody else was faster. */
export async function putScriptSettings(path: string, settings: ScriptSettings, etag: string): Promise<SavedSettings> {
  const options = { query: { path }, body: settings, headers: { 'If-Match': etag } };
  return readSettings(await respond('PUT', '/api/v1/scripts/settings', options));
}

async function readSettings(response: Response): Promise<SavedSettings> {
  const by = response.headers.get('X-DAS-Saved-By');
  const at = response.headers.get('Last-Modified');
  return {
    settings: (await response.json()) as ScriptSettings,
    etag: response.headers.get('ETag') ?? '"0"',
    saved: by !== null && at !== null ? { by: decodeURIComponent(by), at: new Date(at).toISOString() } : null,
  };
}

/**
 * Which HDFS paths DAS accepts from outside. A script's identity is its path, so each file has exactly one spelling here:
 * whatever could be read as another spelling is refused, not repaired. Pure.
 */

export type PathVerdict = { ok: true; path: string } | { ok: false; reason: string };

export interface PathRules {
  /** Accept the scripts directory itself, for listings. */
  orDirectoryItself?: boolean;
}

/** HDFS's own limits (dfs.namenode.fs-limits.max-component-length, and MAX_PATH_LENGTH). */
const MAX_COMPONENT_BYTES = 255;
const MAX_PATH_LENGTH = 8000;

const utf8 = new TextEncoder();
const refuse = (reason: string): PathVerdict => ({ ok: false, reason });

/**
 * @param input as it came in: absolute, plain (not percent-encoded)
 * @param scriptsDir the configured directory, absolute
 */
export function normaliseScriptPath(
  input: string,
  scriptsDir: string,
  { orDirectoryItself = false }: PathRules = {},
): PathVerdict {
  if (input === '') return refuse('the path is empty');
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(input)) return refuse('give the path alone, without a scheme and host');
  if (!input.startsWith('/')) return refuse('the path must be absolute: it starts with "/"');
  if (input.length > MAX_PATH_LENGTH) return refuse(`the path is longer than ${MAX_PATH_LENGTH} characters`);
  const spelling = misspelling(input);
  if (spelling !== undefined) return refuse(spelling);

  const directory = scriptsDir === '/' ? '' : scriptsDir.replace(/\/+$/, '');
  const path = orDirectoryItself && input.endsWith('/') && input !== '/' ? input.slice(0, -1) : input;
  if (orDirectoryItself && path === (directory || '/')) return { ok: true, path };
  for (const segment of path.slice(1).split('/')) {
    const fault = segmentFault(segment);
    if (fault !== undefined) return refuse(fault);
  }
  if (!path.startsWith(`${directory}/`)) return refuse(`the path must lie under ${directory || '/'}`);
  return { ok: true, path };
}

function misspelling(input: string): string | undefined {
  if (!input.isWellFormed()) return 'the path holds half a surrogate pair';
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f]/.test(input)) return 'the path holds a control character';
  if (input.includes('\\')) return 'the path holds a backslash';
  // Also encoded twice: %252e. A plain "%" in a name is fine.
  if (/%(?:25)*(?:2e|2f|5c|00)/i.test(input))
    return 'the path holds an encoded dot, slash, backslash or NUL; give it plain';
  return undefined;
}

function segmentFault(segment: string): string | undefined {
  if (segment === '') return 'the path holds an empty part ("//" or a slash at its end)';
  if (segment === '.' || segment === '..') return 'the path holds "." or ".."';
  if (segment.includes(':')) return 'HDFS names hold no ":"';
  if (utf8.encode(segment).length > MAX_COMPONENT_BYTES)
    return `a part of the path is longer than ${MAX_COMPONENT_BYTES} bytes`;
  return undefined;
}

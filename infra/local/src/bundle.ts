import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown, type Plugin } from 'rolldown';

const ENTRIES = ['apps/api/src/main.ts', 'apps/worker/src/main.ts', 'apps/worker/src/health-check.ts'];

/** What libraries ask for and can do without. It is looked for in node_modules at run time, as without a bundle. */
const OPTIONAL = [
  ...['bufferutil', 'utf-8-validate'],
  ...['@aws-sdk/credential-providers', '@mongodb-js/zstd', 'gcp-metadata', 'kerberos', 'mongodb-client-encryption'],
  ...['snappy', 'socks'],
];

/**
 * Writes each program of API and worker (or of one of them) with all that it imports into one file, `dist/<name>.cjs` beside its `src`: it starts with half of
 * the CPU that the same 780 to 1,080 files take, and holds 13 to 18 MiB less (docs/performance.md, M2). CommonJS: a module's import of node:http would read all that it
 * exports, and with it load undici, 5 MiB. Not minified: traces name functions. The sources run as well, by themselves.
 */
export async function bundleApps(root: string, app = ''): Promise<void> {
  const wanted = ENTRIES.filter((entry) => entry.startsWith(`apps/${app}`));
  await Promise.all(wanted.map((entry) => bundle(root, entry)));
}

async function bundle(root: string, entry: string): Promise<void> {
  const source = join(root, entry);
  const build = await rolldown({
    cwd: root, input: source, platform: 'node', external: OPTIONAL, plugins: [nativeUrl, strictCode], logLevel: 'warn',
  }); // prettier-ignore
  try {
    const { output } = await build.generate({ format: 'cjs', codeSplitting: false, comments: false });
    await replace(join(dirname(dirname(source)), 'dist', `${basename(source, '.ts')}.cjs`), ascii(output[0].code));
  } finally {
    await build.close();
  }
}

/** MongoDB's driver brings an implementation of URL with Unicode's tables, 3 MiB, of the standard that Node's own follows. */
const nativeUrl: Plugin = {
  name: 'native-url',
  resolveId: { filter: { id: /^whatwg-url$/ }, handler: () => '\0native-url' },
  load: { filter: { id: /^\0native-url$/ }, handler: () => 'export const { URL, URLSearchParams } = globalThis;' },
};

/** A dependency of webhdfs deletes a variable, which modules of ECMAScript may not (and which did nothing). */
const strictCode: Plugin = {
  name: 'strict-code',
  transform: {
    filter: { id: /node_modules\/buffer-stream-reader/ },
    handler: (code) => code.replace('delete data;', ''),
  },
};

/**
 * With one character that Latin-1 lacks, V8 would hold two bytes for each of its five million. There are no such characters outside of
 * strings and regular expressions, where their escapes mean the same but behind a backslash.
 */
function ascii(code: string): string {
  const escaped = /\\[^\0-\x7f]/.exec(code);
  if (escaped) throw new Error(`a library escapes a character beyond ASCII (${escaped[0]}): write it in another way`);
  return code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Whoever starts it meanwhile gets the old file or the new one. The same is left alone. */
async function replace(path: string, code: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => '')) === code) return;
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.draft`;
  await writeFile(draft, code);
  await rename(draft, path);
}

/** `node infra/local/src/bundle.ts [api|worker]` */
if (import.meta.main) await bundleApps(fileURLToPath(new URL('../../..', import.meta.url)), process.argv[2]);

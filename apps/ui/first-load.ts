import { gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

/** Issue 5: first load of /runs, JavaScript with gzip, before lazy parts, in bytes. */
const LIMIT = 60_000;

/** What /runs begins with, by module: kit's own beginning, the layout with its error page, the page. */
const ROOTS =
  /(@sveltejs\/kit\/src\/runtime\/client\/(client-)?entry\.js|\/client-optimized\/app\.js|\/src\/routes\/(\+layout\.(ts|svelte)|\+error\.svelte|runs\/\+page\.svelte))$/;
/** Kit looks these up as files of their own. */
const APART = /runtime\/client\/((client-)?entry|payload)\.js$/;

/**
 * Keeps the first load of the Runs page small and says how small it is. Everything that page imports statically travels
 * as one file, as forty small ones compress worse and arrive later (`holds` is the test of that group). After the
 * build its size is printed; a build above the limit fails.
 */
export function firstLoad(): { plugin: Plugin; holds: (id: string) => boolean } {
  const modules = new Set<string>();
  const plugin: Plugin = {
    name: 'das:first-load',
    apply: 'build',
    applyToEnvironment: (environment) => environment.name === 'client',
    buildEnd() {
      const visit = (id: string) => {
        if (modules.has(id)) return;
        modules.add(id);
        for (const imported of this.getModuleInfo(id)?.importedIds ?? []) visit(imported);
      };
      for (const id of this.getModuleIds()) if (ROOTS.test(id)) visit(id);
    },
    writeBundle(_options, bundle) {
      // The files behind the router are small ones that only lead to the modules: found by what they import.
      const leads = ({ facadeModuleId: id }: Rolldown.OutputChunk) =>
        id !== null && [id, ...(this.getModuleInfo(id)?.importedIds ?? [])].some((module) => ROOTS.test(module));
      const bytes = gzippedSize(bundle, leads);
      const found = `First load of /runs: ${kB(bytes)} kB of JavaScript with gzip, before lazy parts`;
      if (bytes > LIMIT)
        this.error(`${found}: more than the ${kB(LIMIT)} kB allowed (import() what is not seen at once)`);
      this.environment.logger.info(`${found} (allowed: ${kB(LIMIT)})`);
    },
  };
  return { plugin, holds: (id) => modules.has(id) && !APART.test(id) };
}

/** All chunks from those that `begins` on, along their static imports, each compressed by itself as it travels. */
function gzippedSize(bundle: Rolldown.OutputBundle, begins: (chunk: Rolldown.OutputChunk) => boolean): number {
  const loaded = new Map<string, number>();
  const load = (name: string) => {
    const chunk = bundle[name];
    if (chunk?.type !== 'chunk' || loaded.has(name)) return;
    loaded.set(name, gzipSync(chunk.code, { level: 9 }).length);
    chunk.imports.forEach(load);
  };
  for (const chunk of Object.values(bundle)) if (chunk.type === 'chunk' && begins(chunk)) load(chunk.fileName);
  return [...loaded.values()].reduce((sum, bytes) => sum + bytes, 0);
}

const kB = (bytes: number) => (bytes / 1000).toFixed(1);

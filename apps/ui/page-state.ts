import type { Plugin } from 'vite';

const ID = '\0das:page-state';

/**
 * SvelteKit's client carries `devalue` (4 kB of the 60 that the first load may have) to write the state of history entries and
 * to read data that a server's load functions return. This dashboard is static: there is no such data, and what it
 * puts into history entries is plain JSON. So in the browser `devalue` is JSON.
 */
export function pageStateAsJson(): Plugin {
  return {
    name: 'das:page-state',
    apply: 'build',
    enforce: 'pre',
    applyToEnvironment: (environment) => environment.name === 'client',
    resolveId: (id) => (id === 'devalue' ? ID : null),
    load: (id) =>
      id === ID
        ? `export const stringify = (value) => JSON.stringify(value);
export const parse = (text) => JSON.parse(text);
export { stringify as uneval };
export function unflatten() { throw new Error('The dashboard has no server that loads data'); }`
        : null,
  };
}

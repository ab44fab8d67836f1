import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';
import { firstLoad } from './first-load.ts';
import { pageStateAsJson } from './page-state.ts';

/** Where `vite dev` finds the API; the built dashboard is served by the API itself. */
const api = process.env['DAS_API'] ?? 'http://127.0.0.1:8080';

const runsFirst = firstLoad();

export default defineConfig({
  plugins: [
    tailwindcss(),
    pageStateAsJson(),
    runsFirst.plugin,
    sveltekit({
      adapter: adapter({ pages: 'build', fallback: 'index.html', precompress: true }),
      // Scripts come from this origin only: nothing that a log or a file name holds can run.
      csp: { mode: 'hash', directives: { 'script-src': ['self'], 'object-src': ['none'], 'base-uri': ['self'] } },
      paths: { relative: false },
      version: { pollInterval: 0 },
    }),
  ],
  build: {
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [{ name: 'first', test: runsFirst.holds }],
        },
      },
    },
  },
  server: {
    proxy: {
      '/api': api,
      '/readyz': api,
      '/socket.io': { target: api, ws: true },
    },
  },
});

import adapter from '@sveltejs/adapter-static';
import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';

/** Where `vite dev` finds the API; the built dashboard is served by the API itself. */
const api = process.env['DAS_API'] ?? 'http://127.0.0.1:8080';

const ICONS =
  'ban|circle-check|circle-dashed|circle-x|loader-circle|octagon-pause|rotate-cw|unplug|search|triangle-alert|play|arrow-up|list-filter|file-code|gauge|layers|server|log-out|monitor|moon|sun';
/** What every page needs travels as one file: forty small ones compress worse and arrive later. */
const BASE = new RegExp(
  [
    // Of Svelte not what only lazy parts use.
    'node_modules/(svelte|@sveltejs/kit|esm-env|clsx)/(?!src/(reactivity/map|internal/client/dom/elements/bindings/(select|size)))',
    `node_modules/@lucide/svelte/dist/(?!icons/(?!(${ICONS})\\.))`,
    'src/lib/(api|live|time|theme|session)/(?!SignIn)',
    'src/lib/ui/(Button|IconButton|EmptyState|ErrorState|SkeletonRows|SearchBox|PageHeader|path|notify|Toasts)',
    'src/lib/runs/(state-look|StateBadge|words|ScriptName|RunOutcome)',
  ].join('|'),
);

export default defineConfig({
  plugins: [
    tailwindcss(),
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
          groups: [{ name: 'base', test: BASE, minShareCount: 2 }],
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

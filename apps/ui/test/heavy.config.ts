import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/**
 * `npm run test:heavy [-- part of a file's name]`: what the dashboard must bear (a log of a million lines, thousands of runs that change) and
 * takes too long for `npm test`, which has a light form of each. One file after the other, as each measures the browser.
 */
export default defineConfig({
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  test: {
    retry: 0,
    include: ['apps/ui/test/*.long.ts'],
    globalSetup: ['packages/testkit/src/global-setup.ts'],
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 300_000,
    disableConsoleIntercept: true,
  },
});

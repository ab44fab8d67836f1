import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/**
 * `npm run test:faults -- --seed N --runs N --minutes N`: the long campaign and what takes too long for `npm test`. One after the
 * other, as each wants the machine for itself.
 */
export default defineConfig({
  root: fileURLToPath(new URL('../../../..', import.meta.url)),
  test: {
    retry: 0,
    // The second knows a long form.
    include: ['apps/*/test/faults/*.long.ts', 'apps/worker/test/faults/logs.it.test.ts'],
    globalSetup: ['packages/testkit/src/global-setup.ts'],
    env: { DAS_FAULTS: 'long' },
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 120_000,
    disableConsoleIntercept: true,
  },
});

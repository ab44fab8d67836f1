import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** `npm run screenshots`: no test, but it wants the test kit's services, processes and browser. */
export default defineConfig({
  root: fileURLToPath(new URL('../../..', import.meta.url)),
  test: {
    include: ['apps/ui/test/screenshots.ts'],
    globalSetup: ['packages/testkit/src/global-setup.ts'],
    testTimeout: 600_000,
    hookTimeout: 120_000,
  },
});

import { defineConfig } from 'vitest/config';

const exclude = ['**/node_modules/**', '**/build/**', '**/dist/**', '**/.svelte-kit/**', '.das/**'];

export default defineConfig({
  test: {
    // A test that passes only at the second try has found something.
    retry: 0,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{packages,apps,infra,bench}/**/*.test.ts'],
          exclude: [...exclude, '**/*.it.test.ts', '**/*.e2e.test.ts'],
          maxWorkers: '100%',
          testTimeout: 20_000,
          // First, as they are quick. (0 would put them last on a machine with few cores.)
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['{packages,apps,infra,bench}/**/*.{it,e2e}.test.ts'],
          exclude,
          globalSetup: ['packages/testkit/src/global-setup.ts'],
          // Each file starts an API and a worker of its own.
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});

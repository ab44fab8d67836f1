import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

/**
 * What takes longest comes first, so that no long file runs alone at the end. Where nothing was ever run vitest goes by the sizes of files,
 * and a short one may wait long. What keeps the processor busy and what mostly waits take turns, as two run at a time.
 * quick-start.it.test.ts is the very first: it makes the archive that every start of Spark is quicker with.
 */
const LONGEST = [
  'apps/worker/src/spark-start/quick-start.it.test.ts',
  'apps/api/test/faults/frozen-services.it.test.ts',
  'apps/api/test/faults/hdfs-transients.it.test.ts',
  'apps/ui/test/pages.e2e.test.ts',
  'apps/worker/test/faults/losses.it.test.ts',
  'apps/worker/test/faults/exit-truth.it.test.ts',
  'apps/worker/test/faults/crash-points.it.test.ts',
  'infra/local/src/checks.it.test.ts',
  'apps/worker/test/faults/clocks.it.test.ts',
  'apps/ui/test/log.e2e.test.ts',
  'apps/worker/test/faults/unfit.it.test.ts',
  'apps/worker/test/progress.it.test.ts',
  'apps/worker/test/faults/campaign.it.test.ts',
  'apps/ui/test/main-path.e2e.test.ts',
  'apps/worker/test/faults/drain.it.test.ts',
  'apps/api/test/main-path.it.test.ts',
  'apps/worker/test/faults/redis-disposable.it.test.ts',
  'apps/ui/test/run-progress.e2e.test.ts',
  'apps/worker/test/faults/disk.it.test.ts',
  'apps/ui/test/workers.e2e.test.ts',
];
for (const path of LONGEST)
  if (!existsSync(join(import.meta.dirname, path))) throw new Error(`vitest.config.ts: there is no ${path} any more`);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = LONGEST.findIndex((path) => moduleId.endsWith(`/${path}`));
      return at < 0 ? LONGEST.length : at;
    };
    const group = ({ project }: TestSpecification) => project.config.sequence.groupOrder;
    return (await super.sort(files)).toSorted((a, b) => group(a) - group(b) || place(a) - place(b));
  }
}

const exclude = ['**/node_modules/**', '**/build/**', '**/dist/**', '**/.svelte-kit/**', '.das/**'];

export default defineConfig({
  test: {
    // A test that passes only at the second try has found something.
    retry: 0,
    sequence: { sequencer: LongestFirst },
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

import type { TestProject } from 'vitest/node';
import { bundleApps } from '@das/local/bundle';
import { repositoryRoot } from '@das/local/settings';
import { openServices } from './services.ts';

/** vitest's globalSetup: API and worker as they are now, and the real services, started once for all integration tests of a run. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  await bundleApps(repositoryRoot);
  const services = await openServices(process.env, (line) => project.vitest.logger.log(line));
  project.provide('stack', services.stack);
  return services.close;
}

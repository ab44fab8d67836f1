import type { TestProject } from 'vitest/node';
import { openServices } from './services.ts';

/** vitest's globalSetup: the real services, started once for all integration tests of a run. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const services = await openServices(process.env, (line) => project.vitest.logger.log(line));
  project.provide('stack', services.stack);
  return services.close;
}

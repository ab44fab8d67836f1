import { repositoryRoot, runtimeDirOf } from '@das/local/settings';
import { prepare, type Part, type Runtime } from '@das/local/prepare';
import { silentSteps } from '@das/local/steps';
import { dockerAnswers, startContainers } from './container-services.ts';
import { startEmbedded } from './embedded-services.ts';
import type { Service, Started } from './service.ts';
import type { Stack } from './stack.ts';

/**
 * The services of a test run: those whose URI the environment gives; of the rest, containers where a Docker engine answers
 * (DAS_TEST_STACK=embedded forbids that), else processes of the embedded stack in a temporary home. Spark is SPARK_SUBMIT, or the one
 * that `npm start` prepares.
 */
export async function openServices(
  env: NodeJS.ProcessEnv,
  say: (line: string) => void,
): Promise<{ stack: Stack; close: () => Promise<void> }> {
  const began = performance.now();
  const missing = servicesWithout(env);
  const inContainers = missing.length > 0 && env['DAS_TEST_STACK'] !== 'embedded' && (await dockerAnswers());
  const runtime = await prepareParts(env, inContainers ? [] : missing);
  const started = await start(missing, inContainers, runtime);
  const kind = missing.length === 0 ? 'given' : inContainers ? 'containers' : 'embedded';
  say(`services: ${kind}, ready after ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return { stack: stackOf(env, started, runtime), close: started.close };
}

const URI_OF: Record<Service, string> = { mongodb: 'MONGODB_URI', redis: 'REDIS_URL', hdfs: 'HDFS_URL' };

function servicesWithout(env: NodeJS.ProcessEnv): Service[] {
  return (Object.keys(URI_OF) as Service[]).filter((service) => !env[URI_OF[service]]);
}

function prepareParts(env: NodeJS.ProcessEnv, embedded: readonly Service[]): Promise<Runtime> {
  const parts: Part[] = env['SPARK_SUBMIT'] ? [...embedded] : [...embedded, 'spark'];
  return prepare({ env, steps: silentSteps, runtimeDir: runtimeDirOf(repositoryRoot, env), parts });
}

async function start(missing: readonly Service[], inContainers: boolean, runtime: Runtime): Promise<Started> {
  if (missing.length === 0) return { addresses: {}, close: async () => undefined };
  return inContainers ? startContainers(missing) : startEmbedded(missing, runtime);
}

function stackOf(env: NodeJS.ProcessEnv, { addresses }: Started, runtime: Runtime): Stack {
  return {
    mongodbUri: addresses.mongodbUri ?? (env['MONGODB_URI'] as string),
    redisUrl: addresses.redisUrl ?? (env['REDIS_URL'] as string),
    hdfsUrl: addresses.hdfsUrl ?? (env['HDFS_URL'] as string),
    hdfsRpcUrl: addresses.hdfsRpcUrl ?? env['HDFS_RPC_URL'] ?? null,
    sparkSubmit: env['SPARK_SUBMIT'] || (runtime.sparkSubmit as string),
    pysparkPython: env['PYSPARK_PYTHON'] || runtime.python || 'python3',
  };
}

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What the embedded Spark needs to know, in spark-defaults form (the operator's defaults, under each run's own settings). */
export function sparkDefaults({ hdfsRpcUrl }: { hdfsRpcUrl: string | undefined }): string {
  const settings: Record<string, string> = {
    // Driver and executors are one process here: nothing listens beyond this machine.
    'spark.driver.host': '127.0.0.1',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.hadoop.dfs.replication': '1',
    ...(hdfsRpcUrl ? { 'spark.hadoop.fs.defaultFS': hdfsRpcUrl } : {}),
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}

/** Writes the properties file for SPARK_PROPERTIES_FILE. */
export async function writeSparkDefaults(file: string, options: { hdfsRpcUrl: string | undefined }): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, sparkDefaults(options), { mode: 0o600 });
}

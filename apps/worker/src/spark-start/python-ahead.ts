import { readdir, readFile } from 'node:fs/promises';
import { basename, delimiter, isAbsolute, join } from 'node:path';
import type { SubmitCommand } from '@das/core/spark/submit-command';
import type { Command } from '../execute/supervisor.ts';

/**
 * The Python that Spark will start for a run's script, started while the JVM boots: by then PySpark is imported (python/ahead.py).
 * Spark starts its own all the same, which looks whether the two are equal; so what is composed here may be wrong, and only time is lost.
 */

/** Settings by which Spark starts another Python, or the same with another environment. */
const CHANGES_PYTHON =
  /^\s*spark\.(pyspark\.(driver\.)?python|driver\.cores|remote|api\.mode|submit\.pyFiles|jars\.packages)(?![\w.])/m;
/** Of the script, to find out whether it is about PySpark at all. */
const MENTIONS = 'pyspark';

/** What Spark puts before PYTHONPATH (PythonUtils.sparkPythonPath); null where settings say that Python is started in another way. */
export async function sparkPythonPath(
  home: string,
  jars: readonly string[],
  { conf, pyFiles }: Pick<SubmitCommand, 'conf' | 'pyFiles'>,
  properties: readonly string[],
): Promise<string | null> {
  const texts = await Promise.all(properties.map((path) => readFile(path, 'utf8').catch(() => '')));
  if (process.platform !== 'linux' || pyFiles.length > 0) return null;
  if ([...Object.keys(conf), ...texts].some((text) => CHANGES_PYTHON.test(text))) return null;
  const lib = join(home, 'python/lib');
  const py4j = (await readdir(lib).catch(() => [] as string[])).find((name) => /^py4j-.*-src\.zip$/.test(name));
  const core = jars.find((path) => /^spark-core_.*\.jar$/.test(basename(path)));
  return py4j && core ? [join(lib, 'pyspark.zip'), join(lib, py4j), core].join(delimiter) : null;
}

/** The command for this run; null where there is nothing to import ahead. `java`: the JVM's environment. */
export async function pythonAhead(
  { scriptPath, args }: Pick<SubmitCommand, 'scriptPath' | 'args'>,
  java: Readonly<Record<string, string>>,
  pythonPath: string,
): Promise<Command | null> {
  const python = java['PYSPARK_PYTHON'] ?? '';
  if (!isAbsolute(python) || java['PYSPARK_DRIVER_PYTHON'] !== undefined) return null;
  const text = await readFile(scriptPath, 'utf8').catch(() => '');
  if (!text.includes(MENTIONS)) return null;
  const env = {
    ...java,
    PYTHONPATH: [pythonPath, java['PYTHONPATH'] ?? ''].filter(Boolean).join(delimiter),
    PYTHONUNBUFFERED: 'YES',
  };
  return { argv: [python, scriptPath, ...args], env };
}

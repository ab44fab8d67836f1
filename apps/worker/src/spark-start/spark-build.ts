import { createHash } from 'node:crypto';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';

/** Why a run is started through bin/spark-submit after all. */
export class NotQuick extends Error {
  override name = 'NotQuick';
}

/**
 * The bin/spark-submit that `command` names, if it is Spark's own: only of that script is it known that asking it what it would
 * execute (spark-launcher.ts) executes nothing.
 * @throws NotQuick
 */
export async function findSparkSubmit(command: string, path: string): Promise<string> {
  const places = command.includes('/') ? [command] : path.split(delimiter).map((folder) => join(folder, command));
  for (const place of places) {
    const text = await readFile(place, 'utf8').catch(() => null);
    if (text === null) continue;
    const last = text.trimEnd().split('\n').at(-1);
    if (last === 'exec "${SPARK_HOME}"/bin/spark-class org.apache.spark.deploy.SparkSubmit "$@"') return place;
    throw new NotQuick(`${command} is not Spark's own bin/spark-submit`);
  }
  throw new NotQuick(`${command} cannot be read`);
}

/** The java that spark-class would take: of JAVA_HOME, else of PATH. @throws NotQuick */
export async function findJava(env: Readonly<Record<string, string>>): Promise<string> {
  const folders = env['JAVA_HOME'] ? [join(env['JAVA_HOME'], 'bin')] : (env['PATH'] ?? '').split(delimiter);
  for (const folder of folders) {
    const found = await realpath(join(folder, 'java')).catch(() => null);
    if (found) return found;
  }
  throw new NotQuick('there is no java');
}

/** Names the files at `paths` as they are now: another length or time, another name. What is not there counts, too. */
export async function fingerprint(paths: readonly string[]): Promise<string> {
  const facts = await Promise.all(
    paths.map(async (path) => {
      const found = await stat(path).catch(() => null);
      return [path, found && [found.size, found.mtimeMs, found.ino]];
    }),
  );
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 20);
}

/** The files of a java that change when it is upgraded in its place. */
export function filesOfJava(java: string): string[] {
  const home = dirname(dirname(java));
  return [java, join(home, 'release'), join(home, 'lib/server/libjvm.so'), join(home, 'lib/modules')];
}

/** The entries of a folder as paths, sorted; none of a folder that is not there. */
export async function entriesOf(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.sort().map((name) => join(folder, name));
}

/** What a JVM reads when it is given `classPath`: `folder/*` stands for the archives in it. */
export async function expandClassPath(classPath: string): Promise<string[]> {
  const expanded = classPath.split(delimiter).map(async (entry) => {
    if (!entry.endsWith('/*')) return [entry];
    return (await entriesOf(entry.slice(0, -2))).filter((path) => /\.jar$/i.test(path));
  });
  return (await Promise.all(expanded)).flat();
}

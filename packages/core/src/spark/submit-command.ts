/** The command line of one attempt. Pure; no shell ever reads it. */

export interface SubmitCommand {
  /** The executable: SPARK_SUBMIT. */
  sparkSubmit: string;
  master: string;
  /** The operator's own defaults; Spark reads it below everything given here. */
  propertiesFile?: string | undefined;
  /** The request's settings, already checked (conf-allow-list.ts). */
  conf: Readonly<Record<string, string>>;
  /** Local paths of the private copies: safe ASCII names, as Spark splits these lists at commas. */
  pyFiles: readonly string[];
  files: readonly string[];
  appName: string;
  /** Local path of the private copy. */
  scriptPath: string;
  /** Given to the script byte for byte. */
  args: readonly string[];
}

/** What DAS insists on; stands last on the command line, where Spark lets the last setting of a key win. */
function insistedConf(master: string): [string, string][] {
  const conf: [string, string][] = [
    ['spark.ui.port', '0'],
    ['spark.ui.killEnabled', 'false'],
  ];
  // On a cluster the executors must reach the driver, so there its address is the operator's business. The Spark UI itself
  // follows SPARK_LOCAL_IP in the environment, which the worker sets; there is no setting for it.
  if (isLocalMaster(master)) conf.push(['spark.driver.bindAddress', '127.0.0.1'], ['spark.driver.host', '127.0.0.1']);
  return conf;
}

/** Shares a machine's cores among the attempts that run on it at once: the master where nobody names one. */
export function localMaster(cores: number, concurrency: number): string {
  return `local[${Math.max(1, Math.floor(cores / concurrency))}]`;
}

/** `local`, `local[4]`, `local[*,3]`; not `local-cluster[…]`. */
export function isLocalMaster(master: string): boolean {
  return master === 'local' || master.startsWith('local[');
}

/** @throws TypeError for a private copy whose name Spark would split or read as an alias */
export function buildSubmitArgv(command: SubmitCommand): string[] {
  const { sparkSubmit, master, propertiesFile, conf, pyFiles, files, appName, scriptPath, args } = command;
  const argv = [sparkSubmit, '--master', master, '--name', appName];
  if (propertiesFile !== undefined) argv.push('--properties-file', propertiesFile);
  for (const [key, value] of [...Object.entries(conf), ...insistedConf(master)]) argv.push('--conf', `${key}=${value}`);
  if (pyFiles.length > 0) argv.push('--py-files', joinPaths(pyFiles));
  if (files.length > 0) argv.push('--files', joinPaths(files));
  return [...argv, scriptPath, ...args];
}

function joinPaths(paths: readonly string[]): string {
  const unsafe = paths.find((path) => /[,#%\s]/.test(path));
  if (unsafe !== undefined) throw new TypeError(`not a safe name for a private copy: ${unsafe}`);
  return paths.join(',');
}

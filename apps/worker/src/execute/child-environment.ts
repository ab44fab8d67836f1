import { dirname } from 'node:path';
import type { Hold } from './hold.ts';
import type { AttemptMarks } from './sweep.ts';
import type { Workspace } from './workspace.ts';

/** What of the worker's own environment a script may see: nothing that holds a secret of DAS. */
const PASSED_ON = [
  'PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TZ', 'LD_LIBRARY_PATH', 'JAVA_HOME', 'HADOOP_HOME', 'HADOOP_CONF_DIR',
  'YARN_CONF_DIR', 'SPARK_HOME', 'SPARK_CONF_DIR', 'KRB5CCNAME', 'KRB5_CONFIG', 'PYTHONPATH', 'VIRTUAL_ENV',
] as const; // prettier-ignore

/** What the environments of all attempts of a worker have in common. */
export function commonEnvironment(own: NodeJS.ProcessEnv, python: string): Record<string, string> {
  const passed = PASSED_ON.flatMap((name) => (own[name] === undefined ? [] : [[name, own[name]] as const]));
  return {
    ...Object.fromEntries(passed),
    PATH: own['PATH'] ?? dirname(process.execPath),
    LC_ALL: 'C.UTF-8',
    SPARK_LOCAL_IP: own['SPARK_LOCAL_IP'] ?? '127.0.0.1',
    PYSPARK_PYTHON: python,
    PYTHONUNBUFFERED: '1',
  };
}

/** The environment of one attempt's spark-submit (design §2, "The child's environment"). */
export function childEnvironment(
  own: NodeJS.ProcessEnv,
  attempt: { hold: Hold; workspace: Workspace; python: string },
): AttemptMarks & Record<string, string> {
  return {
    ...commonEnvironment(own, attempt.python),
    SPARK_LOCAL_DIRS: attempt.workspace.scratch,
    TMPDIR: attempt.workspace.scratch,
    DAS_RUN_ID: attempt.hold.runId,
    DAS_ATTEMPT: String(attempt.hold.attempt),
    DAS_FENCING_TOKEN: String(attempt.hold.fencingToken),
    DAS_RESULT_FILE: attempt.workspace.resultFile,
  };
}

import type { LaunchPlan } from '@das/contracts/launch';
import { versionOf } from '@das/core/domain/version';
import type { ManifestEntry } from '@das/core/domain/version';
import { buildSubmitArgv } from '@das/core/spark/submit-command';
import type { PreparedRun } from '../runs/submission.ts';

/** What of a command line is the platform's, as this process is told; a worker may be told otherwise. */
export type CommandRules = { sparkSubmit: string; master: string; propertiesFile: string | undefined };

/** What would be started for one item of a launch. */
export function planOf(
  { manifest, effective, sources }: PreparedRun,
  rules: CommandRules,
): LaunchPlan['items'][number] {
  const [script] = manifest as [ManifestEntry];
  const inHdfs = (wanted: ManifestEntry['role']) =>
    manifest.filter(({ role }) => role === wanted).map(({ path }) => listed(path));
  const command = buildSubmitArgv({
    ...rules,
    conf: effective.conf,
    pyFiles: inHdfs('pyFile'),
    files: inHdfs('file'),
    appName: script.path.slice(script.path.lastIndexOf('/') + 1),
    scriptPath: `hdfs://${script.path}`,
    args: effective.args,
  });
  return { script: script.path, version: versionOf(manifest), sha256: script.sha256, effective, sources, command };
}

/** Spark splits these lists at commas, and cuts names at others. */
function listed(path: string): string {
  return `hdfs://${path.replaceAll(/[,#%\s]/g, '?')}`;
}

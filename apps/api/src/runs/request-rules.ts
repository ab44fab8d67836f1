import type { Fault } from '@das/contracts/problem';
import { LIMITS } from '@das/contracts/limits';
import { normaliseScriptPath } from '@das/core/domain/hdfs-path';
import { checkConf } from '@das/core/spark/conf-allow-list';
import type { BodyCheck } from '../http/implement.ts';

/** What a run request must keep to besides its schema: paths and Spark settings. */
export type RequestRules = { scriptsDir: string; extraConf: readonly string[] };

const PY_FILE = /\.(?:py|zip|egg)$/;

/** Of POST /runs. */
export function checkRunRequest(rules: RequestRules): BodyCheck {
  return (body) => requestFaults(rules, body, '');
}

/** Of POST /launches. */
export function checkLaunchRequest(rules: RequestRules): BodyCheck {
  return (body) => {
    const items: unknown = fieldOf(body, 'items');
    const faults = settingsFaults(rules, fieldOf(body, 'defaults'), 'defaults.');
    if (!Array.isArray(items) || items.length > LIMITS.launchItems) return faults;
    return [...faults, ...items.flatMap((item, index) => requestFaults(rules, item, `items.${index}.`))];
  };
}

/** Of POST /runs/:id/rerun. */
export function checkRerunRequest(rules: RequestRules): BodyCheck {
  return (body) => settingsFaults(rules, fieldOf(body, 'overrides'), 'overrides.');
}

/** Of PUT /scripts/settings, and of what was saved by it, again: the rules may have become stricter. */
export function checkRunSettings(rules: RequestRules): BodyCheck {
  return (body) => settingsFaults(rules, body, '');
}

function requestFaults(rules: RequestRules, request: unknown, at: string): Fault[] {
  return [...scriptFaults(rules, fieldOf(request, 'script'), `${at}script`), ...settingsFaults(rules, request, at)];
}

function settingsFaults(rules: RequestRules, settings: unknown, at: string): Fault[] {
  return [
    ...confFaults(rules, fieldOf(settings, 'conf'), at),
    ...fileFaults(rules, fieldOf(settings, 'pyFiles'), `${at}pyFiles`, PY_FILE),
    ...fileFaults(rules, fieldOf(settings, 'files'), `${at}files`),
  ];
}

export function scriptFaults({ scriptsDir }: RequestRules, script: unknown, path: string): Fault[] {
  if (typeof script !== 'string') return [];
  const verdict = normaliseScriptPath(script, scriptsDir);
  if (!verdict.ok) return [{ path, message: verdict.reason }];
  return script.endsWith('.py') ? [] : [{ path, message: 'a script is a .py file' }];
}

function fileFaults({ scriptsDir }: RequestRules, files: unknown, at: string, kind?: RegExp): Fault[] {
  if (!Array.isArray(files)) return [];
  const names = new Set<string>();
  return files.flatMap((file: unknown, index) => {
    if (typeof file !== 'string') return [];
    const path = `${at}.${index}`;
    const verdict = normaliseScriptPath(file, scriptsDir);
    if (!verdict.ok) return [{ path, message: verdict.reason }];
    if (kind && !kind.test(file)) return [{ path, message: 'must be a .py, .zip or .egg file' }];
    const name = file.slice(file.lastIndexOf('/') + 1);
    if (names.has(name))
      return [{ path, message: `another one of these files is called ${name}, and the script finds them by name` }];
    names.add(name);
    return [];
  });
}

function confFaults({ extraConf }: RequestRules, conf: unknown, at: string): Fault[] {
  if (typeof conf !== 'object' || conf === null || Array.isArray(conf)) return [];
  const texts = Object.entries(conf).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return checkConf(Object.fromEntries(texts), extraConf).map(({ path, message }) => ({
    path: at + path.join('.'),
    message,
  }));
}

/** Of an object, if it is one and has it. */
function fieldOf(value: unknown, field: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, field) ? (value as Record<string, unknown>)[field] : undefined;
}

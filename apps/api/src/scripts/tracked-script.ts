import type { ScriptStore } from '@das/core/mongo/script-store';
import { ApiProblem, invalidRequest } from '../http/api-problem.ts';
import { scriptFaults } from '../runs/request-rules.ts';
import type { RequestRules } from '../runs/request-rules.ts';

/** Throws ApiProblem unless `query.path` names a script that DAS knows (it may be missing now). */
export function demandTracked(scripts: ScriptStore, path: string, rules: RequestRules): Promise<void> {
  return demand(scripts, [{ path, at: 'query.path' }], rules);
}

/** The same of a `path` that is given many times; every one at fault is told by its place. */
export function demandAllTracked(scripts: ScriptStore, paths: readonly string[], rules: RequestRules): Promise<void> {
  return demand(scripts, paths.map((path, index) => ({ path, at: `query.path.${index}` })), rules); // prettier-ignore
}

type Asked = { path: string; at: string };

async function demand(scripts: ScriptStore, asked: readonly Asked[], rules: RequestRules): Promise<void> {
  const faults = asked.flatMap(({ path, at }) => scriptFaults(rules, path, at));
  if (faults.length > 0) throw invalidRequest(faults);
  const tracked = await scripts.tracked(asked.map(({ path }) => path));
  const unknown = asked.filter(({ path }) => !tracked.has(path));
  const [first] = unknown;
  if (!first) return;
  const errors = unknown.map(({ path, at }) => ({ path: at, message: `${path} is not tracked` }));
  throw new ApiProblem('not_found', `${first.path} is not tracked`, { errors });
}

import type { ScriptStore } from '@das/core/mongo/script-store';
import { ApiProblem, invalidRequest } from '../http/api-problem.ts';
import { scriptFaults } from '../runs/request-rules.ts';
import type { RequestRules } from '../runs/request-rules.ts';

/** Throws ApiProblem unless `query.path` names a script that DAS knows (it may be missing now). */
export async function demandTracked(scripts: ScriptStore, path: string, rules: RequestRules): Promise<void> {
  const faults = scriptFaults(rules, path, 'query.path');
  if (faults.length > 0) throw invalidRequest(faults);
  if ((await scripts.tracked([path])).has(path)) return;
  const message = `${path} is not tracked`;
  throw new ApiProblem('not_found', message, { errors: [{ path: 'query.path', message }] });
}

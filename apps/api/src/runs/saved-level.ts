import type { Fault } from '@das/contracts/problem';
import { Coalescer } from '@das/core/domain/coalescer';
import type { RunSettings } from '@das/contracts/run-request';
import type { ScriptSettings } from '@das/contracts/script';
import type { ScriptSettingsStore } from '@das/core/mongo/script-settings-store';
import { invalidRequest } from '../http/api-problem.ts';
import { checkRunSettings } from './request-rules.ts';
import type { RequestRules } from './request-rules.ts';

/** The level between platform and launch: what is saved for the scripts that are to run. */
export class SavedLevel {
  readonly #check: (settings: unknown) => Fault[];
  readonly #find: Coalescer<string[], Map<string, ScriptSettings>>;

  constructor(store: ScriptSettingsStore, rules: RequestRules) {
    this.#check = checkRunSettings(rules);
    this.#find = new Coalescer(async (groups) => {
      const found = await store.findMany([...new Set(groups.flat())]);
      return groups.map(() => found);
    });
  }

  /** By path; `at` = where the call names the script. Throws ApiProblem where settings were saved that are not allowed any more. */
  async of(scripts: readonly { path: string; at: string }[]): Promise<Map<string, RunSettings>> {
    const found = await this.#find.add(scripts.map(({ path }) => path));
    const faults = scripts.flatMap(({ path, at }) =>
      this.#check(found.get(path)).map((fault) => ({
        path: at,
        message: `the saved settings of ${path}: ${fault.path}: ${fault.message}`,
      })),
    );
    if (faults.length > 0) throw invalidRequest(faults);
    return new Map([...found].map(([path, { description: _, owner: __, ...settings }]) => [path, settings]));
  }
}

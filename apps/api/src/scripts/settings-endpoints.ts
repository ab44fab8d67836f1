import { ROUTES } from '@das/contracts/routes';
import type { SavedSettings, ScriptSettingsStore } from '@das/core/mongo/script-settings-store';
import type { ScriptStore } from '@das/core/mongo/script-store';
import { ApiProblem } from '../http/api-problem.ts';
import { implement } from '../http/implement.ts';
import type { Endpoint, RawCall } from '../http/implement.ts';
import { checkRunSettings } from '../runs/request-rules.ts';
import type { RequestRules } from '../runs/request-rules.ts';
import { demandTracked } from './tracked-script.ts';

export type SettingsParts = { scripts: ScriptStore; scriptSettings: ScriptSettingsStore; rules: RequestRules };

/** What people save for a script. Nobody overwrites what they have not seen: the ETag is the revision, "0" before the first. */
export function settingsEndpoints({ scripts, scriptSettings, rules }: SettingsParts): Endpoint[] {
  return [
    implement(ROUTES.getScriptSettings)(async ({ query: { path } }) => {
      await demandTracked(scripts, path, rules);
      return answerWith(await scriptSettings.find(path));
    }),
    implement(ROUTES.putScriptSettings)(async ({ query: { path }, body, caller, header, log }) => {
      await demandTracked(scripts, path, rules);
      const current = await scriptSettings.find(path);
      const saved = mayReplace(current.revision, header)
        ? await scriptSettings.replace(path, body, current.revision, caller.id)
        : null;
      if (!saved) throw changedMeanwhile((await scriptSettings.find(path)).revision);
      log.info({ script: path, submitter: caller.id, revision: saved.revision }, 'Settings of a script were saved');
      return answerWith(saved);
    }, checkRunSettings(rules)),
  ];
}

/** Who saved them may have any name; a header holds ASCII. */
function answerWith({ settings, revision, saved }: SavedSettings) {
  const headers: Record<string, string> = { ETag: etagOf(revision) };
  if (saved) {
    headers['Last-Modified'] = saved.at.toUTCString();
    headers['X-DAS-Saved-By'] = encodeURIComponent(saved.by);
  }
  return { status: 200 as const, body: settings, headers };
}

function etagOf(revision: number): string {
  return `"${revision}"`;
}

/** RFC 9110 §13.1. Without a condition only what nobody has saved yet may be replaced. */
function mayReplace(revision: number, header: RawCall['header']): boolean {
  const match = header('if-match');
  const noneMatch = header('if-none-match');
  if (match === undefined && noneMatch === undefined) return revision === 0;
  if (noneMatch !== undefined && includes(noneMatch, revision)) return false;
  return match === undefined || includes(match, revision);
}

/** Whether a list of tags names this revision; `*` names any that was saved. */
function includes(tags: string, revision: number): boolean {
  if (tags.trim() === '*') return revision > 0;
  return tags.split(',').some((tag) => tag.trim() === etagOf(revision));
}

function changedMeanwhile(revision: number): ApiProblem {
  const detail =
    revision === 0
      ? 'nothing is saved for this script yet: send If-Match: "0", If-None-Match: *, or neither'
      : `the settings are at ETag ${etagOf(revision)}: read them again, and send that ETag as If-Match`;
  return new ApiProblem('precondition_failed', detail, { headers: { ETag: etagOf(revision) } });
}

import { ROUTES } from '@das/contracts/routes';
import type { Database } from '@das/core/mongo/database';
import { presentLastRun } from '@das/core/mongo/last-run';
import { readScriptGrid } from '@das/core/mongo/script-grid';
import { readScriptStats } from '@das/core/mongo/script-stats';
import type { ScriptStore } from '@das/core/mongo/script-store';
import type { KnownVersion, VersionStore } from '@das/core/mongo/version-store';
import { keysetOf, presentPage } from '../http/cursor.ts';
import { implement } from '../http/implement.ts';
import type { Endpoint } from '../http/implement.ts';
import type { RequestRules } from '../runs/request-rules.ts';
import { demandAllTracked, demandTracked } from './tracked-script.ts';

export type HistoryParts = { db: Database; scripts: ScriptStore; versions: VersionStore; rules: RequestRules };

/** What a script was, and how its runs went. */
export function historyEndpoints({ db, scripts, versions, rules }: HistoryParts): Endpoint[] {
  return [
    implement(ROUTES.listScriptVersions)(async ({ query: { path, ...page } }) => {
      await demandTracked(scripts, path, rules);
      return { status: 200, body: presentPage(await versions.list(path, keysetOf(page)), presentVersion) };
    }),
    implement(ROUTES.getScriptStats)(async ({ query: { path, last } }) => {
      await demandTracked(scripts, path, rules);
      return { status: 200, body: await readScriptStats(db, path, last) };
    }),
    implement(ROUTES.getScriptGrid)(async ({ query: { path: paths, last } }) => {
      await demandAllTracked(scripts, paths, rules);
      return { status: 200, body: { items: await readScriptGrid(db, paths, last) } };
    }),
  ];
}

function presentVersion({ sha256, size, firstSeenAt, lastRun }: KnownVersion) {
  return { sha256, size, firstSeenAt: firstSeenAt.toISOString(), lastRun: lastRun && presentLastRun(lastRun) };
}

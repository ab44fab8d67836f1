import { z } from 'zod';
import { LIMITS } from '../limits.ts';
import {
  page,
  pageQuery,
  pathSchema,
  queryBoolean,
  queryInteger,
  queryList,
  queryRepeated,
  searchSchema,
  sha256Schema,
} from '../primitives.ts';
import {
  directorySchema,
  gridRowSchema,
  scanSchema,
  scriptContentSchema,
  scriptSchema,
  scriptSettingsSchema,
  scriptStatsSchema,
  scriptVersionSchema,
} from '../script.ts';
import { SCRIPT_STATUSES } from '../states.ts';
import { type RouteSpec, V1, accepted, byId, ok } from './spec.ts';

/** Scripts, their contents, versions and settings, and the directories they lie in. */
export const SCRIPT_ROUTES = {
  listScripts: {
    method: 'GET',
    path: `${V1}/scripts`,
    summary: 'The tracked scripts, by path',
    query: z.strictObject({
      ...pageQuery,
      prefix: pathSchema.optional(),
      q: searchSchema.optional(),
      status: queryList(SCRIPT_STATUSES).optional(),
      missing: queryBoolean.optional(),
    }),
    answers: ok(page(scriptSchema)),
    problems: [],
  },
  startScan: {
    method: 'POST',
    path: `${V1}/scripts/scans`,
    summary: 'Scan the scripts directory now; joins a scan that is running',
    answers: accepted(scanSchema),
    problems: ['idempotency_conflict'],
    idempotent: true,
  },
  getScan: {
    method: 'GET',
    path: `${V1}/scripts/scans/:id`,
    summary: 'One scan and what it found',
    params: byId,
    answers: ok(scanSchema),
    problems: ['not_found'],
  },
  getScriptContent: {
    method: 'GET',
    path: `${V1}/scripts/content`,
    summary: 'Preview a script: its current content, or one stored content by hash',
    query: z.strictObject({ path: pathSchema, sha256: sha256Schema.optional() }),
    answers: ok(scriptContentSchema),
    problems: ['not_found', 'payload_too_large', 'hdfs_unavailable'],
  },
  listScriptVersions: {
    method: 'GET',
    path: `${V1}/scripts/versions`,
    summary: 'The contents a script had when it was previewed or run, the one seen last first',
    query: z.strictObject({ ...pageQuery, path: pathSchema }),
    answers: ok(page(scriptVersionSchema)),
    problems: ['not_found'],
  },
  getScriptStats: {
    method: 'GET',
    path: `${V1}/scripts/stats`,
    summary: 'The last runs of a script, and how long and how well they went',
    query: z.strictObject({ path: pathSchema, last: queryInteger(1, LIMITS.pageMax).default(LIMITS.pageDefault) }),
    answers: ok(scriptStatsSchema),
    problems: ['not_found'],
  },
  getScriptGrid: {
    method: 'GET',
    path: `${V1}/scripts/grid`,
    summary: 'The newest runs of many scripts at once: `path` is given once for each; answered in that order',
    query: z.strictObject({
      path: queryRepeated(pathSchema, LIMITS.gridScripts),
      last: queryInteger(1, LIMITS.gridRuns).default(14),
    }),
    answers: ok(z.object({ items: z.array(gridRowSchema) })),
    problems: ['not_found'],
  },
  getScriptSettings: {
    method: 'GET',
    path: `${V1}/scripts/settings`,
    summary:
      'The saved settings of a script, with an ETag; `{}` and ETag "0" where none were ever saved. Last-Modified and X-DAS-Saved-By (URI-encoded) tell when and by whom',
    query: z.strictObject({ path: pathSchema }),
    answers: ok(scriptSettingsSchema),
    problems: ['not_found'],
  },
  putScriptSettings: {
    method: 'PUT',
    path: `${V1}/scripts/settings`,
    summary:
      'Replaces the saved settings of a script. If-Match: the ETag they were read with; without it (or with If-None-Match: *) only where none were saved yet',
    query: z.strictObject({ path: pathSchema }),
    body: scriptSettingsSchema,
    answers: ok(scriptSettingsSchema, 'Saved; ETag is the new one'),
    problems: ['not_found', 'precondition_failed', 'payload_too_large', 'unsupported_media_type'],
    conditional: true,
  },
  listFiles: {
    method: 'GET',
    path: `${V1}/files`,
    summary: 'One HDFS directory under the scripts directory',
    query: z.strictObject({ path: pathSchema }),
    answers: ok(directorySchema),
    problems: ['not_found', 'hdfs_unavailable'],
  },
} as const satisfies Record<string, RouteSpec>;

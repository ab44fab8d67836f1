import type { LaunchPlan } from '@das/contracts/launch';
import type { EffectiveSettings, LaunchRequest, RetryPolicy, SettingLevel } from '@das/contracts/run-request';
import { writeDuration } from '../time/duration-input.ts';

export type PlanItem = LaunchPlan['items'][number];
/** One setting that a run would have, and where it comes from. */
export type EffectiveRow = { label: string; values: string[]; from: SettingLevel };

/** How often and when it is tried again, as people say it. */
export function retryWords({ max, backoff, delayMs, maxDelayMs, jitter }: RetryPolicy): string {
  if (max === 0) return 'none';
  const delay =
    backoff === 'fixed'
      ? `each after ${writeDuration(delayMs)}`
      : `exponential from ${writeDuration(delayMs)} up to ${writeDuration(maxDelayMs)}`;
  return `${max}, ${delay}${jitter > 0 ? `, jitter ${jitter}` : ''}`;
}

/** Every setting of one item of a plan. What is merged by key has a row for each: its source is the highest level of `request` that names it. */
export function effectiveRows({ effective, sources }: PlanItem, request: LaunchRequest, index: number): EffectiveRow[] {
  const byKey = (field: 'conf' | 'labels'): SettingLevel[] =>
    Object.keys(effective[field]).map((key) =>
      request.items[index]?.[field]?.[key] !== undefined
        ? 'item'
        : request.defaults?.[field]?.[key] !== undefined
          ? 'launch'
          : 'script',
    );
  const row = (field: keyof EffectiveSettings, label: string, values: string[]): EffectiveRow => ({
    label,
    values,
    from: sources[field],
  });
  const merged = (field: 'conf' | 'labels', label: string, join: string): EffectiveRow[] => {
    const levels = byKey(field);
    return Object.entries(effective[field]).map(([key, value], at) => ({
      label,
      values: [`${key}${join}${value}`],
      from: levels[at] as SettingLevel,
    }));
  };
  return [
    row('args', 'Arguments', effective.args),
    row('retries', 'Retries', [retryWords(effective.retries)]),
    row('timeoutMs', 'Timeout', [
      effective.timeoutMs === null ? 'none' : `${writeDuration(effective.timeoutMs)} per attempt`,
    ]),
    row('priority', 'Priority', [String(effective.priority)]),
    row('startup', 'Start of Spark', [effective.startup]),
    ...merged('conf', 'Spark', '='),
    ...(effective.pyFiles.length > 0 ? [row('pyFiles', 'Python files', effective.pyFiles)] : []),
    ...(effective.files.length > 0 ? [row('files', 'Files', effective.files)] : []),
    ...merged('labels', 'Label', ': '),
  ];
}

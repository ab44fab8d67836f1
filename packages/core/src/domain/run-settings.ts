import type { EffectiveSettings, RunSettings, SettingLevel } from '@das/contracts/run-request';
import { completeRetryPolicy } from './retry-policy.ts';

export type PlatformDefaults = { retries: number; timeoutMs: number | null };

export type SettingSources = Record<keyof EffectiveSettings, SettingLevel>;

/**
 * platform < the script's saved settings < launch defaults < item. `conf` and `labels` merge by key,
 * everything else is replaced whole (design §3).
 */
export function mergeSettings(
  platform: PlatformDefaults,
  levels: Partial<Record<Exclude<SettingLevel, 'platform'>, RunSettings | undefined>>,
): { effective: EffectiveSettings; sources: SettingSources } {
  const effective: EffectiveSettings = {
    args: [],
    conf: {},
    pyFiles: [],
    files: [],
    target: 'local',
    retries: completeRetryPolicy(platform.retries),
    timeoutMs: platform.timeoutMs,
    priority: 4,
    startup: 'standard',
    labels: {},
  };
  const sources = Object.fromEntries(Object.keys(effective).map((field) => [field, 'platform'])) as SettingSources;
  for (const level of ['script', 'launch', 'item'] as const) {
    const given = levels[level];
    if (given) apply(effective, sources, level, given);
  }
  return { effective, sources };
}

function apply(effective: EffectiveSettings, sources: SettingSources, level: SettingLevel, given: RunSettings): void {
  const { conf, labels, retries, ...replaced } = given;
  if (conf) effective.conf = { ...effective.conf, ...conf };
  if (labels) effective.labels = { ...effective.labels, ...labels };
  if (retries !== undefined) effective.retries = completeRetryPolicy(retries);
  Object.assign(effective, Object.fromEntries(Object.entries(replaced).filter(([, value]) => value !== undefined)));
  for (const [field, value] of Object.entries(given)) {
    if (field in sources && value !== undefined) sources[field as keyof EffectiveSettings] = level;
  }
}

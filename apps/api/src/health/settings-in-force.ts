import type { SettingsInForce } from '@das/contracts/system';
import { maskUri } from '@das/core/config/secrets';
import { API_SETTINGS, SETTINGS } from '@das/core/config/settings';
import type { ApiSettings } from '@das/core/config/settings';
import { CONF_CATALOG } from '@das/core/spark/conf-catalog';

const MASK = '***';

/** The settings of this process, secrets masked, and the Spark settings that requests may name. */
export function describeSettings(settings: ApiSettings, env: Record<string, string | undefined>): SettingsInForce {
  const items = API_SETTINGS.map((name) => ({
    name,
    value: name === 'API_TOKEN' && settings.API_TOKEN !== undefined ? MASK : show(settings[name]),
    source: env[name] ? ('environment' as const) : ('default' as const),
    description: SETTINGS[name][1],
  }));
  const allowed = settings.SPARK_CONF_ALLOW.map((key) => ({
    key,
    kind: 'any',
    description: 'Allowed by the operator',
    example: '',
  }));
  const conf = CONF_CATALOG.map(({ key, kind, description, example }) => ({ key, kind, description, example }));
  return { items, conf: [...conf, ...allowed] };
}

function show(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return maskUri(Array.isArray(value) ? value.join(',') : String(value));
}

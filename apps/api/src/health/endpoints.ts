import { ROUTES } from '@das/contracts/routes';
import type { Overview, SettingsInForce } from '@das/contracts/system';
import { implement } from '../http/implement.ts';
import type { Endpoint } from '../http/implement.ts';
import { describeApi } from '../http/openapi.ts';
import type { Metrics } from './metrics.ts';
import { readReadiness } from './readiness.ts';
import type { Dependencies } from './readiness.ts';

export type HealthParts = {
  dependencies: Dependencies;
  metrics: Metrics;
  readOverview: () => Promise<Overview>;
  settings: SettingsInForce;
};

export function healthEndpoints({ dependencies, metrics, readOverview, settings }: HealthParts): Endpoint[] {
  const openApi = describeApi(ROUTES);
  return [
    implement(ROUTES.getHealth)(async () => ({ status: 200, body: { status: 'ok' } })),
    implement(ROUTES.getReadiness)(async () => {
      const readiness = await readReadiness(dependencies);
      return { status: readiness.status === 'down' ? 503 : 200, body: readiness };
    }),
    implement(ROUTES.getMetrics)(async () => ({
      status: 200,
      content: await metrics.text(),
      headers: { 'Content-Type': metrics.contentType },
    })),
    implement(ROUTES.getOverview)(async () => ({ status: 200, body: await readOverview() })),
    implement(ROUTES.getSettings)(async () => ({ status: 200, body: settings })),
    implement(ROUTES.getOpenApi)(async () => ({ status: 200, body: openApi })),
  ];
}

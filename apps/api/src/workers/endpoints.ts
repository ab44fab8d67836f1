import { ROUTES } from '@das/contracts/routes';
import { implement } from '../http/implement.ts';
import type { Endpoint } from '../http/implement.ts';
import { presentWorker } from './worker-view.ts';
import type { WorkerView } from './worker-view.ts';

export function workerEndpoints(workers: WorkerView): Endpoint[] {
  return [
    implement(ROUTES.listWorkers)(async () => {
      const items = (await workers.list()).map(presentWorker);
      return { status: 200, body: { items, nextCursor: null } };
    }),
  ];
}

import type { Worker } from '@das/contracts/worker';
import type { WorkerDocument } from '@das/core/mongo/documents';
import { crewOf } from '@das/core/mongo/worker-registry';
import type { Crew, WorkerRegistry } from '@das/core/mongo/worker-registry';
import { recent } from '../http/recent.ts';

/** The workers as they were at most a second ago: every list of runs asks whether any of them is alive. */
export class WorkerView {
  readonly list: () => Promise<WorkerDocument[]>;

  constructor(registry: WorkerRegistry) {
    this.list = recent(1000, () => registry.list());
  }

  async crew(): Promise<Crew> {
    return crewOf(await this.list());
  }
}

export function presentWorker({ _id, startedAt, lastSeenAt, ...worker }: WorkerDocument): Worker {
  const { host, pid, version, concurrency, running, state, detail } = worker;
  const times = { startedAt: startedAt.toISOString(), lastSeenAt: lastSeenAt.toISOString() };
  return { id: _id, host, pid, version, ...times, concurrency, running, state, ...(detail && { detail }) };
}

import type { Run, RunSummary } from '@das/contracts/run';
import type { RunDocument } from '@das/core/mongo/documents';
import { presentRun, presentSummary } from '@das/core/mongo/present-run';
import type { RunQuery } from '@das/core/mongo/run-query';
import type { WorkerView } from '../workers/worker-view.ts';

/** Stored runs as the contract gives them: what they wait for depends on workers and on other runs. */
export class RunView {
  readonly #workers: WorkerView;
  readonly #query: RunQuery;

  constructor(workers: WorkerView, query: RunQuery) {
    this.#workers = workers;
    this.#query = query;
  }

  async summaries(runs: readonly RunDocument[]): Promise<RunSummary[]> {
    const anyWorker = runs.some(waits) ? await this.#workers.anyAlive() : true;
    return runs.map((run) => presentSummary(run, { anyWorker }));
  }

  async complete(runs: readonly RunDocument[]): Promise<Run[]> {
    const anyWorker = runs.some(waits) ? await this.#workers.anyAlive() : true;
    return runs.map((run) => presentRun(run, { anyWorker }));
  }

  /** One run, with its position where it waits in the queue. */
  async single(run: RunDocument): Promise<Run> {
    if (!waits(run)) return presentRun(run, { anyWorker: true });
    const [anyWorker, position] = await Promise.all([
      this.#workers.anyAlive(),
      run.state === 'queued' ? this.#query.position(run) : undefined,
    ]);
    return presentRun(run, { anyWorker, position });
  }
}

function waits({ state }: RunDocument): boolean {
  return state === 'queued' || state === 'retrying';
}

import type { Run, RunSummary } from '@das/contracts/run';
import type { RunDocument } from '@das/core/mongo/documents';
import { presentRun, presentSummary, waitsForPlace } from '@das/core/mongo/present-run';
import type { Surroundings } from '@das/core/mongo/present-run';
import type { Crew } from '@das/core/mongo/worker-registry';
import type { RunQuery } from '@das/core/mongo/run-query';
import type { WorkerView } from '../workers/worker-view.ts';

/** Nothing that waits is looked at. */
const NOT_ASKED: Crew = { alive: true, resting: null };

/** Stored runs as the contract gives them: what they wait for depends on workers and on other runs. */
export class RunView {
  readonly #workers: WorkerView;
  readonly #query: RunQuery;
  readonly #now: () => Date;

  constructor(workers: WorkerView, query: RunQuery, now: () => Date) {
    this.#workers = workers;
    this.#query = query;
    this.#now = now;
  }

  async summaries(runs: readonly RunDocument[]): Promise<RunSummary[]> {
    const surroundings = await this.#around(runs);
    return runs.map((run) => presentSummary(run, surroundings));
  }

  async complete(runs: readonly RunDocument[]): Promise<Run[]> {
    const surroundings = await this.#around(runs);
    return runs.map((run) => presentRun(run, surroundings));
  }

  /** One run, with its position where it waits for a place. */
  async single(run: RunDocument): Promise<Run> {
    const [surroundings, position] = await Promise.all([
      this.#around([run]),
      waitsForPlace(run, this.#now()) ? this.#query.position(run) : undefined,
    ]);
    return presentRun(run, { ...surroundings, position });
  }

  async #around(runs: readonly RunDocument[]): Promise<Surroundings> {
    const crew = runs.some(waits) ? await this.#workers.crew() : NOT_ASKED;
    return { crew, now: this.#now() };
  }
}

function waits({ state }: RunDocument): boolean {
  return state === 'queued' || state === 'retrying';
}

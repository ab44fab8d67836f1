import type { Launch, RunCounts } from '@das/contracts/launch';
import type { RunSummary } from '@das/contracts/run';
import { isTerminal } from '@das/contracts/states';
import { cancelLaunch, getLaunch, listLaunchRuns } from '../api/launches.ts';
import { byId } from '../live/by-key.ts';
import { Watch } from '../live/watch.svelte.ts';
import { clock } from '../time/clock.svelte.ts';
import { notify } from '../ui/notify.ts';
import { repeatedIds } from './repeated.ts';
import { timeOfAll } from './run-time.ts';

/** One launch and all its runs, live: the execution summary. */
export class LaunchView {
  readonly id: string;
  launch = $state.raw<Launch | null>(null);
  runs = $state.raw<RunSummary[]>([]);
  cancelBusy = $state(false);
  readonly watch: Watch;

  constructor(id: string) {
    this.id = id;
    this.watch = new Watch({
      topics: [`launch:${id}`],
      pollMs: 4000,
      fetch: async (signal) => {
        const [launch, runs] = await Promise.all([getLaunch(id, signal), listLaunchRuns(id, signal)]);
        this.launch = launch;
        this.runs = inOrder(runs);
      },
      handlers: {
        launch: ({ items }) => {
          for (const item of items) if (item.id === id) this.launch = item;
        },
        run: ({ items }) => this.#apply(items),
      },
    });
  }

  /** Runs that a repair started again: their item is told by the newer run. */
  readonly repeated = $derived(repeatedIds(this.runs));
  /** Counted from the runs shown, so that totals and rows never disagree; each item by its newest run. */
  readonly counts = $derived.by(() => {
    const counts: RunCounts = {};
    for (const run of this.runs.filter(({ id }) => !this.repeated.has(id)))
      counts[run.state] = (counts[run.state] ?? 0) + 1;
    return counts;
  });
  readonly attempts = $derived(this.runs.reduce((sum, run) => sum + run.attemptCount, 0));
  /** What its runs took together, and which took longest, so far. */
  readonly times = $derived.by(() => timeOfAll(this.runs, clock));
  /** Runs that a cancel would end. */
  readonly activeCount = $derived(this.runs.filter(({ state }) => !isTerminal(state)).length);
  readonly active = $derived(this.launch?.state === 'active');

  async cancel(): Promise<void> {
    this.cancelBusy = true;
    try {
      const answer = await cancelLaunch(this.id);
      void notify.success(`${answer.matched} ${answer.matched === 1 ? 'run is' : 'runs are'} being cancelled`);
    } catch (error) {
      void notify.failure('The launch was not cancelled', error);
    } finally {
      this.cancelBusy = false;
    }
  }

  #apply(items: readonly RunSummary[]): void {
    const held = byId(this.runs);
    for (const run of items) {
      const known = held.get(run.id);
      if (run.launchId === this.id && (!known || run.seq > known.seq)) held.set(run.id, run);
    }
    this.runs = inOrder([...held.values()]);
  }
}

/** In the order they were submitted. */
function inOrder(runs: RunSummary[]): RunSummary[] {
  return runs.sort((a, b) => (a.id < b.id ? -1 : 1));
}

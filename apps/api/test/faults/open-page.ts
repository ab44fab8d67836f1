import type { RunSummary } from '@das/contracts/run';
import type { ApiClient } from '@das/testkit/call';
import { eventually } from '@das/testkit/eventually';
import type { LiveClient } from '@das/testkit/live';

/** What a page that shows the list of runs does (design §4): subscribe, fetch, apply what is newer; fetch again on resync and reconnect. */
export class OpenPage {
  readonly #api: ApiClient;
  readonly #live: LiveClient;
  #runs = new Map<string, RunSummary>();
  /** Fetches that were needed after the first. */
  refetched = 0;

  private constructor(api: ApiClient, live: LiveClient) {
    this.#api = api;
    this.#live = live;
    live.socket.on('run', ({ items }) => {
      for (const run of items) if (run.seq > (this.#runs.get(run.id)?.seq ?? -1)) this.#runs.set(run.id, run);
    });
    live.socket.on('resync', () => void this.#refetch());
    live.socket.on('connect', () => void this.#subscribe().then(() => this.#refetch()));
  }

  static async open(api: ApiClient, live: LiveClient): Promise<OpenPage> {
    const page = new OpenPage(api, live);
    await page.#subscribe();
    await page.#fetch();
    return page;
  }

  /** Resolves once the page shows what REST says. */
  async converges(): Promise<void> {
    await eventually(
      'the page shows what REST says',
      async () => {
        const said = await this.#list().catch((error: unknown) => [{ id: String(error), seq: 0, state: '?' }]);
        return [Object.fromEntries([...this.#runs.values()].map(brief)), Object.fromEntries(said.map(brief))];
      },
      ([shown, said]) => JSON.stringify(sorted(shown)) === JSON.stringify(sorted(said)),
      { withinMs: 15_000 },
    );
  }

  async #subscribe(): Promise<void> {
    const answer = await this.#live.subscribe('runs');
    if (!answer.ok) throw new Error(answer.detail);
  }

  async #list(): Promise<RunSummary[]> {
    return (await this.#api.call('listRuns', { query: { limit: 200 } })).body.items;
  }

  async #fetch(): Promise<void> {
    this.#runs = new Map((await this.#list()).map((run) => [run.id, run]));
  }

  async #refetch(): Promise<void> {
    this.refetched += 1;
    await this.#fetch().catch(() => undefined);
  }
}

const brief = ({ id, seq, state }: { id: string; seq: number; state: string }) => [id, `${state} ${seq}`] as const;

function sorted(runs: Record<string, string> = {}): [string, string][] {
  return Object.entries(runs).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

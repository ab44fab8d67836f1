import type { Fault } from '@das/contracts/problem';
import type { LaunchRequest, RunRequest } from '@das/contracts/run-request';
import { newKey } from '../api/client.ts';
import { asApiError, type ApiError } from '../api/error.ts';
import { createLaunch } from '../api/launches.ts';
import { submitRun } from '../api/runs.ts';
import { seen } from '../scripts/preview.svelte.ts';
import { parseArgs, type ArgsStyle } from './args.ts';
import { FieldFaults } from './faults.ts';
import { PlanView } from './plan-view.svelte.ts';
import { SettingsDraft } from './settings-draft.svelte.ts';

/** One line of the launch: a script and its own arguments. */
export class LaunchItem {
  readonly path: string;
  args = $state('');
  readonly #launch: { style: ArgsStyle };
  readonly parsed = $derived.by(() => parseArgs(this.args, this.#launch.style));

  constructor(path: string, launch: { style: ArgsStyle }) {
    this.path = path;
    this.#launch = launch;
  }
}

/** What the launch dialog is about: one script becomes a run, several become a launch. */
export class LaunchDraft {
  name = $state('');
  style = $state<ArgsStyle>('shell');
  items = $state.raw<LaunchItem[]>([]);
  readonly settings = new SettingsDraft();
  readonly plan = new PlanView();
  busy = $state(false);
  error = $state.raw<ApiError | null>(null);
  #sent = { body: '', key: '' };
  readonly #untouched: string;

  constructor(paths: readonly string[]) {
    this.items = paths.map((path) => new LaunchItem(path, this));
    this.#untouched = this.#written();
  }

  /** Whether closing it would lose something. */
  get typed(): boolean {
    return this.#written() !== this.#untouched;
  }

  readonly single = $derived(this.items.length === 1);
  /** How many fields the form itself finds wrong. */
  readonly #wrong = $derived(
    Object.keys(this.settings.faults).length + this.items.filter((item) => item.parsed.fault !== null).length,
  );
  /** It can be asked about: nothing is wrong as far as the form can tell. */
  readonly ready = $derived(this.items.length > 0 && this.#wrong === 0);
  /** Why it would not be accepted as it stands, by its dry run; null where that found nothing or is not over. */
  readonly refusal = $derived.by(() => {
    const { error, loading } = this.plan;
    const isDefinite = error !== null && error.status >= 400 && error.status < 500 && error.status !== 429;
    return this.ready && !loading && isDefinite ? error : null;
  });
  /** How many fields are to be mended before it can start. */
  readonly toMend = $derived(this.#wrong || countPaths(this.refusal?.faults ?? []));
  /** A changed file was previewed before: it needs the person's word to go on. */
  readonly changed = $derived(this.error?.code === 'version_changed');
  /** Faults by field, without the `defaults.` that a launch puts before them. */
  readonly faults = $derived.by(() => {
    // A changed content is told by its own notice, with a way on.
    const told = this.changed ? [] : (this.error?.faults ?? []);
    const faults = [...told, ...this.#foreseen].map((fault) => ({
      ...fault,
      path: fault.path.replace(/^defaults\./, ''),
    }));
    return new FieldFaults(faults, this.settings.faults);
  });

  /** What the dry run of what stands here now finds wrong; one run's own fields stand at its item there. */
  readonly #foreseen = $derived.by(() => {
    if (this.error || this.plan.loading) return [];
    const faults = this.plan.error?.faults ?? [];
    return this.single ? faults.map((fault) => ({ ...fault, path: fault.path.replace(/^items\.0\./, '') })) : faults;
  });
  /** What the dry run is asked. */
  readonly planned = $derived.by((): LaunchRequest => {
    const items = this.items.map((item) => this.#request(item, true));
    const [only] = items;
    return this.single && only
      ? { items: [{ ...only, ...this.settings.toSettings() }] }
      : { defaults: this.settings.toSettings(), items };
  });

  itemFaults(index: number): string[] {
    const item = this.items[index];
    const own = item?.parsed.fault ? [item.parsed.fault] : [];
    return [...own, ...(this.single ? this.faults.at('args', 'script', 'sha256') : this.faults.at(`items.${index}`))];
  }

  remove(item: LaunchItem): void {
    this.items = this.items.filter((other) => other !== item);
    this.error = null;
  }

  /** The same script once more, for other arguments. */
  duplicate(item: LaunchItem): void {
    const copy = new LaunchItem(item.path, this);
    copy.args = item.args;
    this.items = this.items.flatMap((other) => (other === item ? [other, copy] : [other]));
    this.error = null;
  }

  /** Sends it; the answer is where to go, or null where something is wrong (see `error`). */
  async submit(acceptChanged = false): Promise<{ to: 'run' | 'launch'; id: string } | null> {
    if (this.busy) return null;
    this.busy = true;
    this.error = null;
    try {
      const items = this.items.map((item) => this.#request(item, acceptChanged));
      const [only] = items;
      if (this.single && only) {
        const request: RunRequest = { ...only, ...this.settings.toSettings() };
        return { to: 'run', id: (await submitRun(request, this.#key(request))).id };
      }
      const request: LaunchRequest = { defaults: this.settings.toSettings(), items };
      if (this.name.trim()) request.name = this.name.trim();
      return { to: 'launch', id: (await createLaunch(request, this.#key(request))).id };
    } catch (error) {
      this.error = asApiError(error);
      return null;
    } finally {
      this.busy = false;
    }
  }

  #written(): string {
    return JSON.stringify([this.name, this.items.map(({ path, args }) => [path, args]), this.settings.written]);
  }

  #request(item: LaunchItem, acceptChanged: boolean): RunRequest {
    const sha256 = acceptChanged ? undefined : seen.get(item.path);
    return {
      script: item.path,
      ...(item.parsed.args.length > 0 ? { args: item.parsed.args } : {}),
      ...(sha256 ? { sha256 } : {}),
    };
  }

  /** The same body keeps its key: a second click after a lost answer starts nothing twice. */
  #key(request: object): string {
    const body = JSON.stringify(request);
    if (body !== this.#sent.body) this.#sent = { body, key: newKey() };
    return this.#sent.key;
  }
}

/** Fields with faults: one may have several. */
function countPaths(faults: readonly Fault[]): number {
  return faults.filter(({ path }, index) => faults.findIndex((other) => other.path === path) === index).length;
}

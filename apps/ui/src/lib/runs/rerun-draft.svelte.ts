import type { RunSummary } from '@das/contracts/run';
import type { RerunRequest, RunSettings } from '@das/contracts/run-request';
import { newKey } from '../api/client.ts';
import { asApiError, type ApiError } from '../api/error.ts';
import { rerunRun } from '../api/runs.ts';
import { parseArgs, writeArgs } from '../launches/args.ts';
import { FieldFaults } from '../launches/faults.ts';
import { SettingsDraft } from '../launches/settings-draft.svelte.ts';
import { writeDuration } from '../time/duration-input.ts';
import type { RerunChange } from './page/advice.ts';

/** A re-run: what the run had, of which only what a person changes is sent. */
export class RerunDraft {
  readonly run: RunSummary;
  version = $state<'latest' | 'pinned'>('latest');
  args = $state('');
  readonly settings: SettingsDraft;
  busy = $state(false);
  error = $state.raw<ApiError | null>(null);
  readonly #before: RunSettings;
  readonly #untouched: string;
  #sent = { body: '', key: '' };

  /** `change` is filled in for a person to look at; it is sent like what they change themselves. */
  constructor(run: RunSummary, change: RerunChange = {}) {
    this.run = run;
    this.args = writeArgs(run.args);
    this.settings = SettingsDraft.of(run);
    this.#before = this.settings.toSettings();
    this.#fillIn(change);
    this.#untouched = this.#written();
  }

  /** Whether closing it would lose something. */
  get typed(): boolean {
    return this.#written() !== this.#untouched;
  }

  readonly parsed = $derived.by(() => parseArgs(this.args, 'shell'));
  /** How many fields are to be mended before it can be sent. */
  readonly toMend = $derived.by(() => Object.keys(this.settings.faults).length + (this.parsed.fault === null ? 0 : 1));
  readonly ready = $derived(this.toMend === 0);
  readonly faults = $derived.by(() => {
    const faults = (this.error?.faults ?? []).map((fault) => ({
      ...fault,
      path: fault.path.replace(/^overrides\./, ''),
    }));
    return new FieldFaults(faults, this.settings.faults);
  });

  /** Sends it; the answer is the new run's id, or null where something is wrong (see `error`). */
  async submit(): Promise<string | null> {
    this.busy = true;
    this.error = null;
    try {
      const overrides = this.#overrides();
      const request: RerunRequest = {
        version: this.version,
        ...(Object.keys(overrides).length > 0 ? { overrides } : {}),
      };
      const body = JSON.stringify(request);
      if (body !== this.#sent.body) this.#sent = { body, key: newKey() };
      return (await rerunRun(this.run.id, request, this.#sent.key)).id;
    } catch (error) {
      this.error = asApiError(error);
      return null;
    } finally {
      this.busy = false;
    }
  }

  #written(): string {
    return JSON.stringify([this.args, this.settings.written]);
  }

  #fillIn({ conf, timeoutMs }: RerunChange): void {
    for (const [key, value] of Object.entries(conf ?? {}))
      this.settings.conf = [...this.settings.conf.filter((pair) => pair.key !== key), { key, value }];
    if (timeoutMs !== undefined) this.settings.timeout = writeDuration(timeoutMs);
  }

  #overrides(): RunSettings {
    const now: RunSettings = this.settings.toSettings();
    const overrides: RunSettings = {};
    const names = Object.keys({ ...this.#before, ...now }) as (keyof RunSettings)[];
    const emptied: RunSettings = { conf: {}, labels: {}, pyFiles: [], files: [] };
    for (const name of names) {
      if (JSON.stringify(now[name]) !== JSON.stringify(this.#before[name]))
        Object.assign(overrides, { [name]: now[name] ?? emptied[name] });
    }
    if (JSON.stringify(this.parsed.args) !== JSON.stringify(this.run.args)) overrides.args = this.parsed.args;
    return overrides;
  }
}

import type { ScriptSettings } from '@das/contracts/script';
import { asApiError, isAbort, type ApiError } from '../api/error.ts';
import { getScriptSettings, putScriptSettings, type SavedSettings } from '../api/scripts.ts';
import { parseArgs, writeArgs } from '../launches/args.ts';
import { FieldFaults } from '../launches/faults.ts';
import { SettingsDraft } from '../launches/settings-draft.svelte.ts';
import { changesOf, merged, type FieldChange } from './settings-merge.ts';

/** Somebody else saved between my opening and my saving. */
export type Conflict = { theirs: SavedSettings; changes: FieldChange[] };

/** The saved settings of one script, being changed. Nobody overwrites what they have not seen. */
export class SettingsForm {
  readonly path: string;
  /** As it was read: what the form began with, and the tag to replace. Null until it is there. */
  base = $state.raw<SavedSettings | null>(null);
  /** Why it cannot be read. */
  failure = $state.raw<ApiError | null>(null);
  /** Why it was not saved. */
  error = $state.raw<ApiError | null>(null);
  conflict = $state.raw<Conflict | null>(null);
  busy = $state(false);
  description = $state('');
  owner = $state('');
  args = $state('');
  settings = $state.raw(new SettingsDraft());
  /** The fields as `base` fills them. */
  #untouched = $state('');
  #loading: AbortController | null = null;

  constructor(path: string) {
    this.path = path;
  }

  readonly parsed = $derived.by(() => parseArgs(this.args, 'shell'));
  /** How many fields are to be mended before it can be saved. */
  readonly toMend = $derived.by(() => Object.keys(this.settings.faults).length + (this.parsed.fault === null ? 0 : 1));
  readonly ready = $derived.by(() => this.base !== null && this.toMend === 0);
  readonly faults = $derived.by(() => new FieldFaults(this.error?.faults ?? [], this.settings.faults));

  /** Whether closing it would lose something. */
  get typed(): boolean {
    return this.base !== null && this.#written() !== this.#untouched;
  }

  /** Made for `$effect`. */
  start(): () => void {
    void this.load();
    return () => this.#loading?.abort();
  }

  async load(): Promise<void> {
    const { signal } = (this.#loading = new AbortController());
    this.failure = null;
    try {
      const saved = await getScriptSettings(this.path, signal);
      this.#begin(saved, saved.settings);
    } catch (error) {
      if (!signal.aborted && !isAbort(error)) this.failure = asApiError(error);
    }
  }

  /** True once it is saved; else see `error` and `conflict`. */
  async save(): Promise<boolean> {
    if (!this.base || this.busy) return false;
    this.busy = true;
    this.error = null;
    try {
      this.base = await putScriptSettings(this.path, this.#mine(), this.base.etag);
      return true;
    } catch (error) {
      this.error = asApiError(error);
      if (this.error.code === 'precondition_failed') await this.#compare(this.base);
      return false;
    } finally {
      this.busy = false;
    }
  }

  /** Goes on from what they saved, with what I changed over it. */
  merge(): void {
    if (!this.conflict || !this.base) return;
    const { theirs } = this.conflict;
    this.#begin(theirs, merged(written(this.base.settings), written(theirs.settings), this.#mine()));
  }

  takeTheirs(): void {
    if (this.conflict) this.#begin(this.conflict.theirs, this.conflict.theirs.settings);
  }

  async #compare(base: SavedSettings): Promise<void> {
    try {
      const theirs = await getScriptSettings(this.path);
      this.conflict = { theirs, changes: changesOf(written(base.settings), written(theirs.settings), this.#mine()) };
    } catch (error) {
      this.error = asApiError(error);
    }
  }

  #begin(base: SavedSettings, shown: ScriptSettings): void {
    this.base = base;
    this.error = null;
    this.conflict = null;
    this.#fill(base.settings);
    this.#untouched = this.#written();
    this.#fill(shown);
  }

  #fill(shown: ScriptSettings): void {
    this.description = shown.description ?? '';
    this.owner = shown.owner ?? '';
    this.args = writeArgs(shown.args ?? []);
    this.settings = SettingsDraft.from(shown);
  }

  #written(): string {
    return JSON.stringify([this.description, this.owner, this.args, this.settings.written]);
  }

  /** Empty fields are not saved: there the platform's default holds. */
  #mine(): ScriptSettings {
    const { args } = this.parsed;
    return {
      ...(this.base?.settings.target ? { target: this.base.settings.target } : {}),
      ...(args.length > 0 ? { args } : {}),
      ...this.settings.toSettings(),
      ...(this.description.trim() ? { description: this.description.trim() } : {}),
      ...(this.owner.trim() ? { owner: this.owner.trim() } : {}),
    };
  }
}

/** As this form writes the same settings (`retries: 2` is a policy then): what nobody touched does not differ. */
function written(settings: ScriptSettings): ScriptSettings {
  return { ...settings, ...SettingsDraft.from(settings).toSettings() };
}

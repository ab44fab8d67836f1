import type { RunSummary } from '@das/contracts/run';
import type { RunSettings } from '@das/contracts/run-request';
import { parseDuration, writeDuration } from '../time/duration-input.ts';

type Pair = { key: string; value: string };
/** Everything of a run that can be set besides its arguments. */
export type Settings = Omit<RunSettings, 'args' | 'target'>;

/** The settings part of a form. An empty field is not sent: then the script's or the platform's setting holds. */
export class SettingsDraft {
  max = $state('');
  backoff = $state<'fixed' | 'exponential'>('exponential');
  delay = $state('1s');
  maxDelay = $state('');
  jitter = $state('0.2');
  timeout = $state('');
  priority = $state('');
  conf = $state<Pair[]>([]);
  labels = $state<Pair[]>([]);
  pyFiles = $state<string[]>([]);
  files = $state<string[]>([]);

  /** Filled with what a run had, for its re-run. */
  static of(run: RunSummary): SettingsDraft {
    const draft = new SettingsDraft();
    draft.max = String(run.retries.max);
    draft.backoff = run.retries.backoff;
    draft.delay = writeDuration(run.retries.delayMs);
    draft.maxDelay = writeDuration(run.retries.maxDelayMs);
    draft.jitter = String(run.retries.jitter);
    draft.timeout = run.timeoutMs === null ? 'none' : writeDuration(run.timeoutMs);
    draft.priority = String(run.priority);
    draft.conf = Object.entries(run.conf).map(([key, value]) => ({ key, value }));
    draft.labels = Object.entries(run.labels).map(([key, value]) => ({ key, value }));
    draft.pyFiles = [...run.pyFiles];
    draft.files = [...run.files];
    return draft;
  }

  /** What is wrong before anything is sent, by field. */
  readonly faults = $derived.by(() => {
    const faults: Record<string, string> = {};
    const isDuration = (text: string) => text.trim() === '' || parseDuration(text) !== null;
    const format = 'A duration such as 500ms, 10s, 5m or 2h';
    if (!isWhole(this.max, 0, 100)) faults['retries.max'] = 'A whole number from 0 to 100';
    if (this.retries > 0 && !isDuration(this.delay)) faults['retries.delayMs'] = format;
    if (this.retries > 0 && !isDuration(this.maxDelay)) faults['retries.maxDelayMs'] = format;
    const jitter = Number(this.jitter);
    if (this.retries > 0 && !(jitter >= 0 && jitter <= 1)) faults['retries.jitter'] = 'A number from 0 to 1';
    if (this.timeout.trim() !== 'none' && !isDuration(this.timeout)) faults['timeoutMs'] = `${format}, or none`;
    return faults;
  });

  get retries(): number {
    return isWhole(this.max, 0, 100) ? Number(this.max || 0) : 0;
  }

  /** The request's fields; call it only when there are no {@link faults}. */
  toSettings(): Settings {
    const settings: Settings = {};
    if (this.max.trim() !== '') settings.retries = this.retries > 0 ? this.#policy() : this.retries;
    if (this.timeout.trim() === 'none') settings.timeoutMs = null;
    else if (this.timeout.trim() !== '') settings.timeoutMs = parseDuration(this.timeout);
    if (this.priority !== '') settings.priority = Number(this.priority);
    const conf = record(this.conf);
    const labels = record(this.labels);
    if (Object.keys(conf).length > 0) settings.conf = conf;
    if (Object.keys(labels).length > 0) settings.labels = labels;
    const pyFiles = this.pyFiles.filter((path) => path.trim() !== '');
    const files = this.files.filter((path) => path.trim() !== '');
    if (pyFiles.length > 0) settings.pyFiles = pyFiles;
    if (files.length > 0) settings.files = files;
    return settings;
  }

  #policy(): NonNullable<Settings['retries']> {
    const maxDelayMs = this.maxDelay.trim() === '' ? null : parseDuration(this.maxDelay);
    return {
      max: this.retries,
      backoff: this.backoff,
      delayMs: parseDuration(this.delay) ?? 1000,
      ...(maxDelayMs === null ? {} : { maxDelayMs }),
      jitter: Number(this.jitter),
    };
  }
}

function isWhole(text: string, min: number, max: number): boolean {
  const trimmed = text.trim();
  return trimmed === '' || (/^\d+$/.test(trimmed) && Number(trimmed) >= min && Number(trimmed) <= max);
}

function record(pairs: readonly Pair[]): Record<string, string> {
  return Object.fromEntries(pairs.filter(({ key }) => key.trim() !== '').map(({ key, value }) => [key.trim(), value]));
}

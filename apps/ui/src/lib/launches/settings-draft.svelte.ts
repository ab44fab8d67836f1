import type { RunSummary } from '@das/contracts/run';
import type { Retries, RetryPolicy, RunSettings } from '@das/contracts/run-request';
import type { Startup } from '@das/contracts/states';
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
  startup = $state<Startup | ''>('');
  conf = $state<Pair[]>([]);
  labels = $state<Pair[]>([]);
  pyFiles = $state<string[]>([]);
  files = $state<string[]>([]);

  /** Failure kinds that are not retried: no field of its own, carried along so that nobody loses it by saving. */
  #notOn: RetryPolicy['notOn'] | undefined;

  /** Filled with what a run had, for its re-run. */
  static of(run: RunSummary): SettingsDraft {
    return SettingsDraft.from(run);
  }

  /** Filled with settings; what they leave out stays empty. */
  static from({ retries, timeoutMs, priority, startup, conf, labels, pyFiles, files }: Settings): SettingsDraft {
    const draft = new SettingsDraft();
    if (retries !== undefined) draft.#fillRetries(typeof retries === 'number' ? { max: retries } : retries);
    if (timeoutMs !== undefined) draft.timeout = timeoutMs === null ? 'none' : writeDuration(timeoutMs);
    if (priority !== undefined) draft.priority = String(priority);
    draft.startup = startup ?? '';
    draft.conf = pairs(conf);
    draft.labels = pairs(labels);
    draft.pyFiles = [...(pyFiles ?? [])];
    draft.files = [...(files ?? [])];
    return draft;
  }

  /** A number alone means the platform's own backoff (design: fixed, 1 s). */
  #fillRetries({
    max,
    backoff = 'fixed',
    delayMs = 1000,
    maxDelayMs,
    jitter = 0,
    notOn,
  }: Exclude<Retries, number>): void {
    this.max = String(max);
    this.backoff = backoff;
    this.delay = writeDuration(delayMs);
    this.maxDelay = maxDelayMs === undefined ? '' : writeDuration(maxDelayMs);
    this.jitter = String(jitter);
    this.#notOn = notOn;
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

  /** All that stands in the fields, as one text: two of them tell whether somebody changed something. */
  get written(): string {
    const { max, backoff, delay, maxDelay, jitter, timeout, priority, startup, pyFiles, files } = this;
    const pairs = [this.conf, this.labels].map((rows) => rows.filter(({ key, value }) => key || value));
    return JSON.stringify([max, backoff, delay, maxDelay, jitter, timeout, priority, startup, pairs, pyFiles, files]);
  }

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
    if (this.startup !== '') settings.startup = this.startup;
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
      ...(this.#notOn === undefined || this.#notOn === null ? {} : { notOn: this.#notOn }),
    };
  }
}

function isWhole(text: string, min: number, max: number): boolean {
  const trimmed = text.trim();
  return trimmed === '' || (/^\d+$/.test(trimmed) && Number(trimmed) >= min && Number(trimmed) <= max);
}

function pairs(record: Readonly<Record<string, string>> = {}): Pair[] {
  return Object.entries(record).map(([key, value]) => ({ key, value }));
}

function record(pairs: readonly Pair[]): Record<string, string> {
  return Object.fromEntries(pairs.filter(({ key }) => key.trim() !== '').map(({ key, value }) => [key.trim(), value]));
}

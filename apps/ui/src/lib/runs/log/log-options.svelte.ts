import { remember, remembered } from '../../ui/remembered.ts';

export const LOG_TIMES = ['off', 'clock', 'since'] as const;
export type LogTimes = (typeof LOG_TIMES)[number];

const KEY = 'das.log';

/** How logs are looked at, for all of them, and remembered. Full screen is not: nobody expects to come back to it. */
class LogOptions {
  wrap = $state(true);
  times = $state<LogTimes>('off');

  constructor() {
    try {
      const stored = JSON.parse(remembered(KEY) ?? '{}') as { wrap?: unknown; times?: unknown };
      if (typeof stored.wrap === 'boolean') this.wrap = stored.wrap;
      this.times = LOG_TIMES.find((known) => known === stored.times) ?? 'off';
    } catch {
      // Not what was stored here: the defaults hold.
    }
  }

  toggleWrap(): void {
    this.wrap = !this.wrap;
    this.#store();
  }

  nextTimes(): void {
    this.times = LOG_TIMES[(LOG_TIMES.indexOf(this.times) + 1) % LOG_TIMES.length] ?? 'off';
    this.#store();
  }

  #store(): void {
    remember(KEY, JSON.stringify({ wrap: this.wrap, times: this.times }));
  }
}

export const logOptions = new LogOptions();

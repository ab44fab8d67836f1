import { remember, remembered } from '../ui/remembered.ts';

/** How often the slow hand moves: what is minutes or hours old needs no second hand. Milliseconds. */
const SLOW_MS = 10_000;

/**
 * The one clock that everything ticking on a page reads: one timer, whatever is shown. Who shows an age of minutes reads
 * `slow`, so that a long list of old rows is not woken each second.
 */
class Clock {
  /** Moves once a second. */
  now = $state(Date.now());
  /** Moves every ten seconds. */
  slow = $state(Date.now());

  /** Starts ticking; the answer stops it. Nothing moves while nobody looks. */
  start(): () => void {
    const tick = () => {
      if (document.hidden) return;
      this.now = Date.now();
      if (this.now - this.slow >= SLOW_MS) this.slow = this.now;
    };
    const timer = setInterval(tick, 1000);
    document.addEventListener('visibilitychange', tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
    };
  }

  /** Now, for telling how long ago `at` (ms) was: to the second in the first minute, then by the slow hand. */
  nowFor(at: number): number {
    return Math.abs(this.slow - at) < 60_000 + SLOW_MS ? this.now : this.slow;
  }
}

export const clock = new Clock();

/** Whether points in time are shown as ages (`3 min ago`) or as local times; remembered. */
class TimeStyle {
  absolute = $state(remembered('das.times') === 'absolute');

  toggle(): void {
    this.absolute = !this.absolute;
    remember('das.times', this.absolute ? 'absolute' : 'relative');
  }
}

export const times = new TimeStyle();

/** The one clock that everything ticking on a page reads: one timer, whatever is shown. */
class Clock {
  now = $state(Date.now());

  /** Starts ticking once a second; the answer stops it. */
  start(): () => void {
    const timer = setInterval(() => {
      if (!document.hidden) this.now = Date.now();
    }, 1000);
    const onVisible = () => {
      if (!document.hidden) this.now = Date.now();
    };
    document.addEventListener('visibilitychange', onVisible);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }
}

export const clock = new Clock();

/**
 * Gives back what loading has left in the heap, once, before anything is served: 8 to 11 MiB that V8 would keep for what comes, as only such a
 * collection moves what is left together. It takes about 0.1 s. `gc` is there when Node was started with --expose-gc
 * (infra/local/src/node-process.ts). V8 lets the heap grow in small steps after
 * it, which a worker that scripts flood does not bear: hence its --heap-growing-percent.
 */
export function releaseMemory(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

/** The share of time that the event loop works is looked at every so many milliseconds: more than `BURST` is a burst, less than `REST` is rest. */
const WINDOW_MS = 5000;
const BURST = 0.3;
const REST = 0.2; // a long queue keeps the reconciler busy
/** Rest of a minute: the first thousand requests after it cost twice, as V8 gives back compiled code, too. */
const RESTS = 12;

/**
 * Gives back what bursts have left, each time once the process has been at rest for a while: an API that took 20,000 submits would
 * stay at 186 to 230 MiB, and goes back to 132 to 157 (M2 of the bench).
 */
export function releaseAfterBursts(utilization = utilizationSinceLast()): void {
  let burst = false;
  let rests = 0;
  const look = () => {
    const share = utilization();
    if (share > BURST) burst = true;
    rests = share < REST ? rests + 1 : 0;
    if (!burst || rests < RESTS) return;
    burst = false;
    releaseMemory();
  };
  setInterval(look, WINDOW_MS).unref();
}

function utilizationSinceLast(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}

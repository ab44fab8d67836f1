/**
 * Gives back what loading a process has left in the heap, once, before it does any work: 8 to 11 MiB that V8 would keep for what comes, as
 * only such a collection moves what is left together. It takes about 0.1 s. `gc` is there when Node was started with --expose-gc
 * (infra/local/src/node-process.ts).
 */
export function releaseMemory(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

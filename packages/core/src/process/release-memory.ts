/**
 * Gives back what loading has left in the heap, once, before anything is served: 8 to 11 MiB that V8 would keep for what comes, as only such a
 * collection moves what is left together. It takes about 0.1 s. `gc` is there when Node was started with --expose-gc
 * (infra/local/src/node-process.ts). V8 lets the heap grow in small steps after
 * it, which a worker that scripts flood does not bear: hence its --heap-growing-percent.
 */
export function releaseMemory(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}

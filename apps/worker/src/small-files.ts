/**
 * Files up to this size are written and removed by synchronous calls: each takes the kernel some 20 µs, and handing it to a thread and hearing back
 * ten times that (docs/performance.md, S1). A larger one would make everything else wait.
 */
export const SMALL_BYTES = 64 * 1024;

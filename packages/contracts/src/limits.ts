/** Limits of the contract (design §3, "Limits"); sizes in bytes. */
export const LIMITS = {
  args: 256,
  argsBytes: 100 * 1024,
  files: 50,
  fileBytes: 8 * 1024 * 1024,
  scriptBytes: 5 * 1024 * 1024,
  bodyBytes: 1024 * 1024,
  launchBodyBytes: 8 * 1024 * 1024,
  launchItems: 1000,
  labels: 20,
  submitterChars: 128,
  resultValueBytes: 64 * 1024,
  /** Lists and objects within each other: what shows, checks and sends a result goes down into it. */
  resultLevels: 100,
  resultTailBytes: 4 * 1024,
  pageDefault: 50,
  pageMax: 200,
  /** Scripts of one call to GET /scripts/grid, and of each its newest runs. */
  gridScripts: 200,
  gridRuns: 50,
  histogramBuckets: 500,
  bulkRuns: 1000,
  /** Failed runs that are read to group them by cause, and causes that are told. */
  causeRuns: 10_000,
  causes: 100,
  logLines: 2000,
  logLinesDefault: 200,
  scanPaths: 1000,
  scriptsFound: 20_000,
  attemptsKept: 200,
  idempotencyKeyChars: 255,
} as const;

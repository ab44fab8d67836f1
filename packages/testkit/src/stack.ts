import 'vitest';

/** Where the real services of this test run are. */
export interface Stack {
  mongodbUri: string;
  redisUrl: string;
  /** WebHDFS; a comma list where there are several NameNodes. */
  hdfsUrl: string;
  /** `hdfs://host:port`; null where nobody said it. */
  hdfsRpcUrl: string | null;
  sparkSubmit: string;
  /** A Python with pyspark's needs (numpy). */
  pysparkPython: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    /** `inject('stack')` in integration tests. */
    stack: Stack;
  }
}
